namespace Godwit.Qemu;

/// <summary>The agent inside the guest gave no answer, or none that could be read.</summary>
public sealed class GuestAgentUnavailableException(string message, Exception? inner = null) : Exception(message, inner);
