namespace Godwit.Replay;

/// <summary>One line of a case's commands: a file put down, a command run, a wait.</summary>
/// <param name="Number">Its number in the case, from 1.</param>
/// <param name="Role">One of <c>file</c>, <c>setup</c>, <c>command</c>, <c>background</c>, <c>end</c>, <c>sleep</c>, <c>compact</c>.</param>
/// <param name="Id">What ties a background command to its end.</param>
/// <param name="File">The file's name and text, for <c>file</c>.</param>
/// <param name="Command">What bash ran.</param>
/// <param name="Seconds">How long was waited.</param>
/// <param name="Expected">What the command gave when it was recorded.</param>
internal sealed record Step(int Number, string Role, string? Id, (string Name, string Text)? File, string? Command, double Seconds, Outcome? Expected)
{
    /// <summary>Whether this is a command whose outcome is compared.</summary>
    public bool IsCompared => Command is not null && Expected is not null;
}
