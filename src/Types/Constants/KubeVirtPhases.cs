namespace Godwit.Types;

/// <summary>Phases of the installation.</summary>
public static class KubeVirtPhases
{
    public const string Deploying = "Deploying";
    public const string Deployed = "Deployed";
    public const string Deleting = "Deleting";
    public const string Deleted = "Deleted";
}
