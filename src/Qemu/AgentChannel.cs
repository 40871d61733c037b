namespace Godwit.Qemu;

/// <summary>Whether an agent inside the guest holds its end of the channel open, as QEMU sees it.</summary>
public static class AgentChannel
{
    /// <summary>Asks QEMU; false also when the guest has no such channel.</summary>
    public static async Task<bool> IsOpenAsync(QmpClient qmp, CancellationToken ct) =>
        (await qmp.QueryAsync("query-chardev", QmpJson.Default.CharDeviceArray, ct).ConfigureAwait(false))
            .Any(static device => device is { Label: $"char-{HardwarePlanner.AgentPortId}", FrontendOpen: true });

    /// <summary>What it is after <paramref name="events"/>, when it was <paramref name="before"/>: asking again is not needed.</summary>
    public static bool After(IEnumerable<QmpEvent> events, bool before) =>
        events.LastOrDefault(static e => e.Name == "VSERPORT_CHANGE" && e.Text("id") == HardwarePlanner.AgentPortId) is { } last
            ? last.Data.TryGetProperty("open", out var open) && open.ValueKind == System.Text.Json.JsonValueKind.True
            : before;
}
