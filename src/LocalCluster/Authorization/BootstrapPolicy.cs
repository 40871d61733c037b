using System.Text.Json.Nodes;
using Godwit.Machinery;

namespace Godwit.LocalCluster.Authorization;

/// <summary>The roles and bindings that every cluster has, from the list beside this class, as objects.</summary>
public static class BootstrapPolicy
{
    /// <summary>Where roles and bindings of a namespace are: those for parts of the control plane.</summary>
    public const string Namespace = "kube-system";

    /// <summary><c>false</c> on an object keeps it as it is, whatever a later version of the list says.</summary>
    public const string AutoUpdate = "rbac.authorization.kubernetes.io/autoupdate";

    private const string AggregateTo = "rbac.authorization.k8s.io/aggregate-to-";
    private const string ApiVersion = Authorizer.Group + "/v1";

    /// <summary>The objects with the resource that each belongs to, roles before bindings.</summary>
    public static IReadOnlyList<(string Resource, JsonObject Object)> Objects { get; } = Read();

    private static List<(string Resource, JsonObject Object)> Read()
    {
        using var text = new StreamReader(typeof(BootstrapPolicy).Assembly.GetManifestResourceStream("bootstrap-policy.yaml")!);
        var list = Yaml.Parse(text.ReadToEnd());
        return
        [
            .. Each(list, "clusterRoles").Select(r => (Authorizer.ClusterRoles, Role(r, "ClusterRole", null))),
            .. Each(list, "roles").Select(r => (Authorizer.Roles, Role(r, "Role", Namespace))),
            .. Each(list, "clusterRoleBindings").Select(b => (Authorizer.ClusterRoleBindings, Binding(b, "ClusterRole", null))),
            .. Each(list, "roleBindings").Select(b => (Authorizer.RoleBindings, Binding(b, "Role", Namespace))),
        ];
    }

    private static IEnumerable<JsonObject> Each(JsonNode? list, string name) => ((JsonArray)list![name]!).Cast<JsonObject>();

    private static JsonObject Role(JsonObject entry, string kind, string? ns)
    {
        var role = Object(entry, kind, ns);
        if (entry.Text("aggregatedTo") is { } target)
        {
            role["metadata"]!["labels"]![AggregateTo + target] = "true";
        }

        if (entry.Text("aggregates") is { } own)
        {
            role["aggregationRule"] = new JsonObject
            {
                ["clusterRoleSelectors"] = new JsonArray(new JsonObject { ["matchLabels"] = new JsonObject { [AggregateTo + own] = "true" } }),
            };
        }
        else
        {
            role["rules"] = new JsonArray([.. PolicyRule.ReadAll(entry["rules"]).Select(JsonNode (r) => r.ToJson())]);
        }

        return role;
    }

    private static JsonObject Binding(JsonObject entry, string roleKind, string? ns)
    {
        var binding = Object(entry, roleKind + "Binding", ns);
        binding["roleRef"] = new JsonObject { ["apiGroup"] = Authorizer.Group, ["kind"] = roleKind, ["name"] = entry.Text("role") ?? entry.Text("name") };
        JsonArray subjects =
        [
            .. Names(entry, "groups").Select(JsonNode (n) => Subject(RoleSubject.Group, n)),
            .. Names(entry, "users").Select(JsonNode (n) => Subject(RoleSubject.User, n)),
            .. Names(entry, "accounts").Select(JsonNode (n) => new JsonObject { ["kind"] = RoleSubject.ServiceAccount, ["name"] = n, ["namespace"] = Namespace }),
        ];
        if (subjects.Count > 0)
        {
            binding["subjects"] = subjects;
        }

        return binding;
    }

    private static JsonObject Subject(string kind, string name) => new() { ["kind"] = kind, ["apiGroup"] = Authorizer.Group, ["name"] = name };

    private static IEnumerable<string> Names(JsonObject entry, string name) => (entry[name] as JsonArray ?? []).Select(static n => n.Text()!);

    private static JsonObject Object(JsonObject entry, string kind, string? ns)
    {
        var metadata = new JsonObject
        {
            ["name"] = entry.Text("name"),
            ["labels"] = new JsonObject { ["kubernetes.io/bootstrapping"] = "rbac-defaults" },
            ["annotations"] = new JsonObject { [AutoUpdate] = "true" },
        };
        if (ns is not null)
        {
            metadata["namespace"] = ns;
        }

        return new JsonObject { ["apiVersion"] = ApiVersion, ["kind"] = kind, ["metadata"] = metadata };
    }
}
