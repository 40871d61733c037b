using System.Text.Json.Nodes;
using Godwit.LocalCluster.Expressions;
using Godwit.Machinery;

namespace Godwit.LocalCluster.Admission;

/// <summary>One hook of a webhook configuration, read once.</summary>
internal sealed record Webhook
{
    /// <summary>What match conditions may speak of.</summary>
    public static IReadOnlyCollection<string> Variables { get; } = ["object", "oldObject", "request"];

    public required string Name { get; init; }

    public required IReadOnlyList<WebhookRule> Rules { get; init; }

    /// <summary>URL without the timeout; for a service <c>https://NAME.NAMESPACE.svc:PORT/PATH</c>.</summary>
    public required Uri Url { get; init; }

    public required string CaBundle { get; init; }

    public required LabelSelector NamespaceSelector { get; init; }

    public required LabelSelector ObjectSelector { get; init; }

    public required IReadOnlyList<(string Name, Expression Expression)> Conditions { get; init; }

    public required TimeSpan Timeout { get; init; }

    /// <summary>Errors of the call are passed over.</summary>
    public required bool IgnoresFailure { get; init; }

    /// <summary>A rule for another version of a resource holds for all its versions.</summary>
    public required bool MatchesEquivalent { get; init; }

    public required bool SupportsDryRun { get; init; }

    public required bool Reinvoked { get; init; }

    /// <summary>All hooks of a configuration, in its order.</summary>
    public static IReadOnlyList<Webhook> ReadAll(JsonObject configuration) =>
        [.. (configuration["webhooks"] as JsonArray ?? []).OfType<JsonObject>().Select(Read)];

    private static Webhook Read(JsonObject hook) => new()
    {
        Name = hook.Text("name") ?? "",
        Rules = [.. (hook["rules"] as JsonArray ?? []).OfType<JsonObject>().Select(WebhookRule.Read)],
        Url = Address(hook["clientConfig"]),
        CaBundle = hook.Text("clientConfig", "caBundle") ?? "",
        NamespaceSelector = LabelSelector.FromJson(hook["namespaceSelector"] ?? new JsonObject()),
        ObjectSelector = LabelSelector.FromJson(hook["objectSelector"] ?? new JsonObject()),
        Conditions = [.. (hook["matchConditions"] as JsonArray ?? []).Select(c => (c.Text("name") ?? "", Expression.Parse(c.Text("expression") ?? "", Variables)))],
        Timeout = TimeSpan.FromSeconds(hook.Integer("timeoutSeconds") ?? 10),
        IgnoresFailure = hook.Text("failurePolicy") == "Ignore",
        MatchesEquivalent = hook.Text("matchPolicy") != "Exact",
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
