namespace Godwit.Qemu;

/// <summary>How a session with a guest agent behaves.</summary>
public sealed record GuestAgentOptions
{
    /// <summary>How long the guest may take for one answer.</summary>
    public TimeSpan Deadline { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>A guest that sends a longer line is not listened to any more: what it says is its own choice.</summary>
    public int MaxReplyBytes { get; init; } = 1024 * 1024;

    public TimeProvider Time { get; init; } = TimeProvider.System;
}
