namespace Godwit.Types;

/// <summary>A choice made by being there, such as <c>masquerade: {}</c>.</summary>
public sealed record EmptyObject : ApiPart
{
}
