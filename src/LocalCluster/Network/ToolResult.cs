namespace Godwit.LocalCluster.Network;

/// <summary>What a tool said before it ended.</summary>
public sealed record ToolResult(int ExitCode, string Output, string Error)
{
    public bool Succeeded => ExitCode == 0;
}
