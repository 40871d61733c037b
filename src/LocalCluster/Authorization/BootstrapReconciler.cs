using System.Text.Json.Nodes;
using Godwit.LocalCluster.ApiServer;
using Godwit.Machinery;

namespace Godwit.LocalCluster.Authorization;

/// <summary>Makes the roles and bindings that every cluster has, and mends those that lost something. What was added to them stays.</summary>
internal static class BootstrapReconciler
{
    /// <summary>Without hooks: at start nobody answers for them yet.</summary>
    private static RequestOptions Options => RequestOptions.System with { FieldManager = "kube-apiserver", Admitted = true };

    /// <summary>Called at start, before anybody is listened to.</summary>
    public static async Task ApplyAsync(ResourceOperations operations, CancellationToken cancellationToken)
    {
        await operations.EnsureAsync(
            operations.Target("namespaces", "", BootstrapPolicy.Namespace),
            new JsonObject { ["apiVersion"] = "v1", ["kind"] = "Namespace", ["metadata"] = new JsonObject { ["name"] = BootstrapPolicy.Namespace } },
            cancellationToken);
        foreach (var (resource, wanted) in BootstrapPolicy.Objects)
        {
            await ApplyAsync(operations, operations.Target(resource, wanted.Namespace(), wanted.Name()), wanted, cancellationToken);
        }
    }

    /// <summary>The object with everything that the wanted one has; null when nothing is to be done. A binding to another role cannot be mended.</summary>
    public static JsonObject? Mend(JsonObject present, JsonObject wanted)
    {
        if (present.Annotations().GetValueOrDefault(BootstrapPolicy.AutoUpdate) == "false")
        {
            return null;
        }

        var mended = present.Clone();
        foreach (var part in (string[])["labels", "annotations"])
        {
            foreach (var (key, value) in wanted.Strings("metadata", part).Where(p => present.Strings("metadata", part).GetValueOrDefault(p.Key) != p.Value))
            {
                mended.Ensure("metadata", part)[key] = value;
            }
        }

        if (wanted["aggregationRule"] is { } rule)
        {
            AddMissing(mended.Ensure("aggregationRule"), "clusterRoleSelectors", (JsonArray)rule["clusterRoleSelectors"]!);
        }
        else if (wanted["rules"] is { } rules)
        {
            var missing = RuleCoverage.Compact(RuleCoverage.Missing(PolicyRule.ReadAll(present["rules"]), PolicyRule.ReadAll(rules)));
            AddMissing(mended, "rules", new JsonArray([.. missing.Select(JsonNode (m) => m.ToJson())]));
        }

        if (wanted["subjects"] is JsonArray subjects)
        {
            AddMissing(mended, "subjects", subjects);
        }

        return JsonNode.DeepEquals(mended, present) ? null : mended;
    }

    private static async Task ApplyAsync(ResourceOperations operations, ResourceTarget target, JsonObject wanted, CancellationToken cancellationToken)
    {
        var present = operations.Find(target.Resource.StoreName, target.Namespace, target.Name);
        if (present is not null && wanted["roleRef"] is { } role && !JsonNode.DeepEquals(present["roleRef"], role)
            && present.Annotations().GetValueOrDefault(BootstrapPolicy.AutoUpdate) != "false")
        {
            await operations.DeleteAsync(target, null, Options, cancellationToken);
            present = null;
        }

        if (present is null)
        {
            await operations.CreateAsync(target, wanted.Clone(), Options, cancellationToken);
        }
        else if (Mend(present, wanted) is not null)
        {
            await operations.ModifyAsync(target, now => Mend(now, wanted) ?? now, Options, cancellationToken);
        }
    }

    private static void AddMissing(JsonObject owner, string list, JsonArray wanted)
    {
        var items = owner[list] as JsonArray;
        foreach (var item in wanted.Where(w => items?.Any(i => JsonNode.DeepEquals(i, w)) != true))
        {
            if (items is null)
            {
                owner[list] = items = [];
            }

            items.Add(item!.DeepClone());
        }
    }
}
