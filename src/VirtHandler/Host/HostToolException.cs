namespace Godwit.VirtHandler.Host;

/// <summary>A host tool is missing or refused; the message carries the command and its own words.</summary>
public sealed class HostToolException(string message, Exception? inner = null) : Exception(message, inner);
