namespace Godwit.LocalCluster.Images;

/// <summary>An image that stands for the machine's own programs, with some folders bound into it.</summary>
public sealed record HostImage(string Reference, IReadOnlyList<string> Entrypoint, IReadOnlyDictionary<string, string> Binds);
