namespace Godwit.LocalCluster.Images;

/// <summary>An image that stands for the machine's own programs, with some folders bound into it.</summary>
/// <param name="Reference">Its name.</param>
/// <param name="Entrypoint">What it runs unless a container says otherwise.</param>
/// <param name="Binds">Folders of the machine, by their place inside.</param>
/// <param name="Path">Where programs are looked for first; null: only where the machine has them.</param>
public sealed record HostImage(string Reference, IReadOnlyList<string> Entrypoint, IReadOnlyDictionary<string, string> Binds, string? Path = null);
