using System.Text.Json.Nodes;
using Godwit.Machinery;

namespace Godwit.LocalCluster.Authorization;

/// <summary>A RoleBinding or, without a namespace, a ClusterRoleBinding.</summary>
public sealed record RoleBinding(string Namespace, string Name, RoleReference Role, IReadOnlyList<RoleSubject> Subjects)
{
    public static RoleBinding Read(JsonObject binding) => new(
        binding.Namespace(),
        binding.Name(),
        new RoleReference(binding.Text("roleRef", "kind") ?? "", binding.Text("roleRef", "name") ?? ""),
        [.. (binding["subjects"] as JsonArray ?? []).Select(s => RoleSubject.Read(s, binding.Namespace()))]);

    /// <summary>Why this binding lets a subject do something, in the words of Kubernetes.</summary>
    public string Explain(RoleSubject subject)
    {
        var binding = Namespace.Length == 0 ? $"ClusterRoleBinding {RuleCoverage.Quoted(Name)}" : $"RoleBinding {RuleCoverage.Quoted($"{Name}/{Namespace}")}";
        return $"RBAC: allowed by {binding} of {Role.Kind} {RuleCoverage.Quoted(Role.Name)} to {subject.Kind} {RuleCoverage.Quoted(subject.Shown)}";
    }
}
