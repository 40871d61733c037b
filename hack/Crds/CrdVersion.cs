namespace Godwit.Crds;

/// <summary>One served version of a custom resource; all share one schema.</summary>
public sealed record CrdVersion(string Name, bool Storage, string? DeprecationWarning);
