namespace Godwit.LocalCluster.ApiServer.Resources;

/// <summary>What pruning found.</summary>
/// <param name="UnknownFields">Paths of removed fields in order (<c>spec.foo</c>), for <c>fieldValidation</c>.</param>
/// <param name="TypeError">Built-in kinds only: the sentence of a value of a wrong type
/// (<c>json: cannot unmarshal number into Go struct field ConfigMap.data of type string</c>); null when all fit.</param>
public sealed record DecodeResult(IReadOnlyList<string> UnknownFields, string? TypeError)
{
    public static readonly DecodeResult Clean = new([], null);
}
