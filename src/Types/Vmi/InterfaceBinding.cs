namespace Godwit.Types;

/// <summary>A network binding plug-in by name.</summary>
public sealed record InterfaceBinding : ApiPart
{
    public string? Name { get; init; }
}
