namespace Godwit.Types;

/// <summary>Taints that Godwit looks for.</summary>
public static class Taints
{
    public const string Drain = "kubevirt.io/drain";
    public const string NoSchedule = "NoSchedule";
}
