using System.Text.Json;

namespace Godwit.Types;

/// <summary>Migration settings for the VMIs that it selects.</summary>
public sealed record MigrationPolicy : ApiObject
{
    public MigrationPolicySpec? Spec { get; init; }

    public JsonElement? Status { get; init; }
}
