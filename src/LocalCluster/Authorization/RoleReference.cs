namespace Godwit.LocalCluster.Authorization;

/// <summary>The role that a binding gives.</summary>
/// <param name="Kind">Role or ClusterRole.</param>
/// <param name="Name">Of a Role: within the binding's namespace.</param>
public readonly record struct RoleReference(string Kind, string Name)
{
    public const string ClusterRole = "ClusterRole";

    public const string Role = "Role";
}
