namespace Godwit.VirtHandler.Network;

/// <summary>One network device of a pod.</summary>
public sealed record PodLink(string Name, string Mac, int Mtu, int QueueLength, string? Master, bool Up);
