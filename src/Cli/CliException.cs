namespace Godwit.Cli;

/// <summary>An end of the command that the user should read: what is wrong, and what to do about it.</summary>
public sealed class CliException(string message, string? remedy = null, int exitCode = ExitCodes.Refused) : Exception(message)
{
    public string? Remedy { get; } = remedy;

    public int ExitCode { get; } = exitCode;
}
