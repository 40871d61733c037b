namespace Godwit.Crds;

/// <summary>One column of a table; priority above 0 shows it in wide output only.</summary>
public sealed record CrdColumn(string Name, string Type, string JsonPath, int Priority = 0);
