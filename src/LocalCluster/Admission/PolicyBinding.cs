using System.Text.Json.Nodes;
using Godwit.Machinery;

namespace Godwit.LocalCluster.Admission;

/// <summary>A ValidatingAdmissionPolicyBinding, read once.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Policy">The policy that it puts in force.</param>
/// <param name="Requests">What narrows the policy's requests; null for nothing.</param>
/// <param name="Params">Which objects are handed to the policy; null for none.</param>
/// <param name="Denies">What the policy forbids is refused.</param>
/// <param name="Warns">The client is warned of it.</param>
internal sealed record PolicyBinding(string Name, string Policy, MatchedRequests? Requests, ParamRef? Params, bool Denies, bool Warns)
{
    /// <summary>The resource of the objects in the store.</summary>
    public const string Resource = "validatingadmissionpolicybindings.admissionregistration.k8s.io";

    public static PolicyBinding Read(JsonObject binding)
    {
        var spec = binding["spec"] as JsonObject ?? [];
        var actions = (spec["validationActions"] as JsonArray ?? []).Select(a => a.Text()).ToList();
        return new PolicyBinding(
            binding.Text("metadata", "name") ?? "",
            spec.Text("policyName") ?? "",
            spec["matchResources"] is JsonObject resources ? MatchedRequests.OfPolicy(resources) : null,
            spec["paramRef"] is JsonObject reference ? ParamRef.Read(reference) : null,
            actions.Contains("Deny"),
            actions.Contains("Warn"));
    }
}
