namespace Godwit.VirtHandler.Boot;

/// <summary>What QEMU last said of its guest.</summary>
public sealed record GuestState(string RunState, bool Running);
