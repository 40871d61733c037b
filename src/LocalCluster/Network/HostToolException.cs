namespace Godwit.LocalCluster.Network;

/// <summary>A tool of the host failed; the message carries its command line and what it printed as an error.</summary>
public sealed class HostToolException(string message, int exitCode, string standardError) : Exception(message)
{
    public int ExitCode { get; } = exitCode;
    public string StandardError { get; } = standardError;
}
