namespace Godwit.VirtHandler.Boot;

/// <summary>The VMI asks for what this node cannot give; the message names the field and the remedy.</summary>
public sealed class DomainException(string message, Exception? inner = null) : Exception(message, inner);
