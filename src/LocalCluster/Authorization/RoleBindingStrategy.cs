using System.Text.Json.Nodes;
using Godwit.LocalCluster.ApiServer.Errors;
using Godwit.LocalCluster.ApiServer.Resources;
using Godwit.LocalCluster.ApiServer.Writing;
using Godwit.LocalCluster.Schema;
using Godwit.Machinery;

namespace Godwit.LocalCluster.Authorization;

/// <summary>Bindings of roles and cluster roles.</summary>
internal sealed class RoleBindingStrategy(Authorizer authorizer) : ResourceStrategy
{
    public override bool AllowsPathSegmentNames => true;

    public override void CheckRights(WriteContext context, JsonObject obj, JsonObject? old) => Escalation.CheckBinding(authorizer.Current, context, obj, old);

    public override IEnumerable<FieldError> Validate(WriteContext context, JsonObject obj)
    {
        var role = obj["roleRef"];
        if (role.Text("apiGroup") is var group && group != Authorizer.Group)
        {
            yield return FieldError.NotSupported("roleRef.apiGroup", Quote(group), [Authorizer.Group]);
        }

        string[] kinds = context.Resource.Namespaced ? [RoleReference.Role, RoleReference.ClusterRole] : [RoleReference.ClusterRole];
        if (role.Text("kind") is var kind && !kinds.Contains(kind))
        {
            yield return FieldError.NotSupported("roleRef.kind", Quote(kind), kinds);
        }

        foreach (var error in Name(role.Text("name"), "roleRef.name", this))
        {
            yield return error;
        }

        foreach (var (subject, i) in (obj["subjects"] as JsonArray ?? []).Select(static (s, i) => (s, i)))
        {
            foreach (var error in Subject(subject, $"subjects[{i}]", context.Resource.Namespaced))
            {
                yield return error;
            }
        }
    }

    public override IEnumerable<FieldError> ValidateUpdate(WriteContext context, JsonObject obj, JsonObject old)
    {
        var (now, before) = (obj["roleRef"], old["roleRef"]);
        if (!JsonNode.DeepEquals(now, before))
        {
            var shown = new JsonObject { ["APIGroup"] = now.Text("apiGroup"), ["Kind"] = now.Text("kind"), ["Name"] = now.Text("name") };
            yield return FieldError.Invalid("roleRef", JsonKinds.Show(shown), "cannot change roleRef");
        }
    }

    private static IEnumerable<FieldError> Subject(JsonNode? subject, string path, bool namespaced)
    {
        var (kind, name, group) = (subject.Text("kind"), subject.Text("name"), subject.Text("apiGroup") ?? "");
        if (string.IsNullOrEmpty(name))
        {
            yield return FieldError.Required($"{path}.name");
        }

        switch (kind)
        {
            case RoleSubject.ServiceAccount:
                foreach (var error in string.IsNullOrEmpty(name) ? [] : Name(name, $"{path}.name", Default))
                {
                    yield return error;
                }

                if (group.Length > 0)
                {
                    yield return FieldError.NotSupported($"{path}.apiGroup", Quote(group), [""]);
                }

                if (!namespaced && string.IsNullOrEmpty(subject.Text("namespace")))
                {
                    yield return FieldError.Required($"{path}.namespace");
                }

                break;
            case RoleSubject.User or RoleSubject.Group:
                if (group != Authorizer.Group)
                {
                    yield return FieldError.NotSupported($"{path}.apiGroup", Quote(group), [Authorizer.Group]);
                }

                break;
            default:
                yield return FieldError.NotSupported($"{path}.kind", Quote(kind), [RoleSubject.ServiceAccount, RoleSubject.User, RoleSubject.Group]);
                break;
        }
    }

    private static IEnumerable<FieldError> Name(string? name, string path, ResourceStrategy rules) => string.IsNullOrEmpty(name)
        ? [FieldError.Required(path)]
        : MetadataRules.NameProblems(rules, name).Select(p => FieldError.Invalid(path, Quote(name), p));

    private static string Quote(string? text) => RuleCoverage.Quoted(text ?? "");
}
