namespace Godwit.Types;

/// <summary>The page size that backs the guest's memory.</summary>
public sealed record HugepagesSpec : ApiPart
{
    public string? PageSize { get; init; }
}
