namespace Godwit.Qemu;

/// <summary>A disk that no other host sees; <see cref="LayerOnly"/>: the image under its layer is there on every host.</summary>
public sealed record CopiedDisk(string NodeName, bool LayerOnly);
