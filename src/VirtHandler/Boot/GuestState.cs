namespace Godwit.VirtHandler.Boot;

/// <summary>What QEMU last said of its guest, and whether an agent inside the guest holds its channel open.</summary>
public sealed record GuestState(string RunState, bool Running, bool AgentConnected = false);
