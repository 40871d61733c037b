namespace Godwit.VirtHandler.Migration;

/// <summary>The migration cannot be done, and no repetition helps; the message is written for its user.</summary>
public sealed class MigrationException(string message, Exception? inner = null) : Exception(message, inner);
