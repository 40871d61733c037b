using System.Text.Json.Nodes;
using Godwit.Cli.Output;
using Godwit.Machinery;
using Godwit.Types;

namespace Godwit.Cli.Api;

/// <summary>Finds objects by the name that the user gave, or says what was probably meant.</summary>
public static class Lookups
{
    public static async Task<JsonObject> VmiAsync(this ApiClient api, NamespacedName name, CancellationToken ct)
    {
        if (await api.TryGetAsync(Resources.Vmi, name, ct) is { } found)
        {
            return found;
        }

        var all = (await api.ListAsync(Resources.Vmi, ct: ct)).Items;
        var elsewhere = all.FirstOrDefault(v => v.Name() == name.Name);
        throw new CliException(
            $"There is no VMI \"{name.Name}\" in namespace {name.Namespace}.",
            elsewhere is not null
                ? $"There is one in namespace {elsewhere.Namespace()}: add -n {elsewhere.Namespace()}"
                : Suggestions.For(name.Name, [.. all.Where(v => v.Namespace() == name.Namespace).Select(static v => v.Name())], "VMI in this namespace"));
    }

    public static async Task<JsonObject> NodeAsync(this ApiClient api, string name, CancellationToken ct)
    {
        if (await api.TryGetAsync(Resources.Node, NamespacedName.Cluster(name), ct) is { } found)
        {
            return found;
        }

        var nodes = (await api.ListAsync(Resources.Node, ct: ct)).Items;
        throw new CliException($"There is no node \"{name}\".", Suggestions.For(name, [.. nodes.Select(static n => n.Name())], "node"));
    }

    /// <summary>The launcher pods that a VMI has had and that still are in the API, in the order of their making.</summary>
    public static async Task<IReadOnlyList<JsonObject>> LauncherPodsAsync(this ApiClient api, JsonObject vmi, CancellationToken ct)
    {
        var pods = await api.ListAsync(Resources.Pod, vmi.Namespace(), new() { LabelSelector = $"{Labels.CreatedBy}={vmi.Uid()}" }, ct);
        return [.. pods.Items.OrderBy(static p => p.Text("metadata", "creationTimestamp"), StringComparer.Ordinal)
            .ThenBy(static p => p.Integer("metadata", "resourceVersion"))];
    }

    public static bool IsFinal(JsonObject migration) =>
        migration.Text("status", "phase") is MigrationPhases.Succeeded or MigrationPhases.Failed;

    /// <summary>Whether a condition of the object is True.</summary>
    public static bool HasCondition(JsonObject @object, string type) =>
        @object.At("status", "conditions") is JsonArray conditions
        && conditions.Any(c => c.Text("type") == type && c.Text("status") == "True");
}
