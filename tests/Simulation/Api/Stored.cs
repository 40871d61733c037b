using System.Text.Json.Nodes;

namespace Godwit.Simulation.Api;

/// <summary>One object as the simulated API server keeps it; never changed, only replaced.</summary>
internal sealed record Stored(JsonObject Document, byte[] Text, long Version);
