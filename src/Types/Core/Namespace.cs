using System.Text.Json;

namespace Godwit.Types;

/// <summary>A namespace; migration policies select by its labels.</summary>
public sealed record Namespace : ApiObject
{
    public JsonElement? Spec { get; init; }

    public JsonElement? Status { get; init; }
}
