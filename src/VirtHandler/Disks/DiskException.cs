namespace Godwit.VirtHandler.Disks;

/// <summary>A disk cannot be made from its volume; the message names the volume and what to do.</summary>
public sealed class DiskException(string message, Exception? inner = null) : Exception(message, inner);
