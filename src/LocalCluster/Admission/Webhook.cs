using System.Text.Json.Nodes;
using Godwit.Machinery;

namespace Godwit.LocalCluster.Admission;

/// <summary>One hook of a webhook configuration, read once.</summary>
internal sealed record Webhook
{
    /// <summary>What match conditions may speak of.</summary>
    public static IReadOnlyCollection<string> Variables { get; } = ["object", "oldObject", "request"];

    public required string Name { get; init; }

    public required MatchedRequests Requests { get; init; }

    /// <summary>URL without the timeout; for a service <c>https://NAME.NAMESPACE.svc:PORT/PATH</c>.</summary>
    public required Uri Url { get; init; }

    public required string CaBundle { get; init; }

    public required MatchConditions Conditions { get; init; }

    public required TimeSpan Timeout { get; init; }

    /// <summary>Errors of the call are passed over.</summary>
    public required bool IgnoresFailure { get; init; }

    public required bool SupportsDryRun { get; init; }

    public required bool Reinvoked { get; init; }

    /// <summary>All hooks of a configuration, in its order.</summary>
    public static IReadOnlyList<Webhook> ReadAll(JsonObject configuration) =>
        [.. (configuration["webhooks"] as JsonArray ?? []).OfType<JsonObject>().Select(Read)];

    private static Webhook Read(JsonObject hook) => new()
    {
        Name = hook.Text("name") ?? "",
        Requests = MatchedRequests.OfHook(hook),
        Url = Address(hook["clientConfig"]),
        CaBundle = hook.Text("clientConfig", "caBundle") ?? "",
        Conditions = MatchConditions.Read(hook["matchConditions"], Variables),
        Timeout = TimeSpan.FromSeconds(hook.Integer("timeoutSeconds") ?? 10),
        IgnoresFailure = hook.Text("failurePolicy") == "Ignore",
        SupportsDryRun = hook.Text("sideEffects") is "None" or "NoneOnDryRun",
        Reinvoked = hook.Text("reinvocationPolicy") == "IfNeeded",
    };

    private static Uri Address(JsonNode? client)
    {
        if (client.Text("url") is { } url)
        {
            return new Uri(url);
        }

        var service = client.At("service");
        var path = service.Text("path") ?? "/";
        return new Uri($"https://{Services.ServiceTransport.Host(service.Text("namespace") ?? "", service.Text("name") ?? "")}:{service.Integer("port") ?? 443}/{path.TrimStart('/')}");
    }
}
