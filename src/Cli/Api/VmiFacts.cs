using System.Text.Json.Nodes;
using Godwit.Machinery;

namespace Godwit.Cli.Api;

/// <summary>Reads what the commands need from a VMI.</summary>
public static class VmiFacts
{
    /// <summary>The address at which the guest is reachable, as the status shows it.</summary>
    public static string? Address(JsonObject vmi) =>
        vmi.At("status", "interfaces") is JsonArray { Count: > 0 } interfaces ? interfaces[0].Text("ipAddress") : null;

    public static string? Node(JsonObject vmi) => vmi.Text("status", "nodeName");

    public static string Phase(JsonObject vmi) => vmi.Text("status", "phase") ?? "";
}
