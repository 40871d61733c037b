namespace Godwit.VirtHandler.Host;

/// <summary>What a host tool answered: its exit code and both outputs.</summary>
public sealed record HostToolResult(int ExitCode, string Output, string Error)
{
    public bool Succeeded => ExitCode == 0;
}
