namespace Godwit.Replay;

/// <summary>What the one who started the replay has to mend.</summary>
internal sealed class ReplayException(string message) : Exception(message);
