using System.Text.Json.Nodes;
using Godwit.Machinery;

namespace Godwit.LocalCluster.Authorization;

/// <summary>Somebody who is given a role.</summary>
/// <param name="Kind">User, Group or ServiceAccount.</param>
/// <param name="Principal">The name by which the subject calls: an account's is <c>system:serviceaccount:NS:NAME</c>.</param>
/// <param name="Shown">The name in messages.</param>
public sealed record RoleSubject(string Kind, string Principal, string Shown)
{
    public const string User = "User";

    public const string Group = "Group";

    public const string ServiceAccount = "ServiceAccount";

    /// <summary>An account without a namespace is one of the binding's.</summary>
    public static RoleSubject Read(JsonNode? subject, string bindingNamespace)
    {
        var (kind, name) = (subject.Text("kind") ?? "", subject.Text("name") ?? "");
        if (kind != ServiceAccount)
        {
            return new RoleSubject(kind, name, name);
        }

        var ns = subject.Text("namespace") is { Length: > 0 } own ? own : bindingNamespace;
        return new RoleSubject(kind, $"system:serviceaccount:{ns}:{name}", $"{name}/{ns}");
    }
}
