namespace Godwit.Replay;

/// <summary>What a command ended with.</summary>
/// <param name="Exit">Its exit code.</param>
/// <param name="Interrupted">It was ended from outside; its exit code then says nothing.</param>
/// <param name="Output">Standard output.</param>
/// <param name="Error">Standard error.</param>
internal sealed record Outcome(int Exit, bool Interrupted, string Output, string Error);
