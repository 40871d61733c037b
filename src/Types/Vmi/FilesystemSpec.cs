namespace Godwit.Types;

/// <summary>A folder shared with the guest.</summary>
public sealed record FilesystemSpec : ApiPart
{
    public string? Name { get; init; }

    public EmptyObject? Virtiofs { get; init; }
}
