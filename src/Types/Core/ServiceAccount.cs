namespace Godwit.Types;

/// <summary>An identity for pods.</summary>
public sealed record ServiceAccount : ApiObject
{
    public bool? AutomountServiceAccountToken { get; init; }
}
