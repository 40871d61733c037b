namespace Godwit.Simulation.Scripts;

/// <summary>What a step can do.</summary>
internal static class Verbs
{
    public const string Create = "create";
    public const string Delete = "delete";
    public const string ShutDown = "shutdown";
    public const string Migrate = "migrate";
    public const string Cancel = "cancel";
    public const string Drain = "drain";
    public const string Undrain = "undrain";
    public const string KillAgent = "kill-agent";
    public const string StopAgent = "stop-agent";
    public const string KillController = "kill-controller";
    public const string OverlapControllers = "overlap-controllers";
    public const string KillQemu = "kill-qemu";
    public const string PowerOff = "power-off";
    public const string Link = "link";
    public const string Stall = "stall";
    public const string Cut = "cut";
    public const string Compact = "compact";
}
