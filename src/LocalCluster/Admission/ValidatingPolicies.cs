using System.Text.Json.Nodes;
using Godwit.LocalCluster.ApiServer.Admission;
using Godwit.LocalCluster.ApiServer.Errors;
using Godwit.LocalCluster.ApiServer.Resources;
using Godwit.LocalCluster.Store;
using Godwit.Machinery;

namespace Godwit.LocalCluster.Admission;

/// <summary>Applies ValidatingAdmissionPolicies where a binding puts them in force; the first refusal in order of names is the answer.</summary>
internal sealed class ValidatingPolicies(ObjectStore store, ResourceRegistry registry) : IAdmissionPlugin
{
    private readonly StoredList<AdmissionPolicy> _policies = new(AdmissionPolicy.Resource, static o => [AdmissionPolicy.Read(o)]);
    private readonly StoredList<PolicyBinding> _bindings = new(PolicyBinding.Resource, static o => [PolicyBinding.Read(o)]);

    public Task ValidateAsync(AdmissionRequest request, CancellationToken cancellationToken)
    {
        var state = store.Snapshot;
        var bindings = _bindings.Current(state);
        if (bindings.Count > 0 && !WebhookConfigurations.IsExempt(request))
        {
            foreach (var policy in _policies.Current(state))
            {
                if (WebhookMatcher.Match(policy.Requests, request, state) is { } version)
                {
                    foreach (var binding in bindings.Where(b => b.Policy == policy.Name && (b.Requests is null || WebhookMatcher.Narrows(b.Requests, request, state))))
                    {
                        Apply(policy, binding, request, version, state);
                    }
                }
            }
        }

        return Task.CompletedTask;
    }

    private void Apply(AdmissionPolicy policy, PolicyBinding binding, AdmissionRequest request, ResourceVersionInfo version, StoreSnapshot state)
    {
        IReadOnlyList<JsonObject?> all;
        try
        {
            all = PolicyParams.Find(policy, binding, request.Namespace, registry, state);
        }
        catch (FormatException e)
        {
            // No matter of what the binding would do about a violation: nobody knows whether there is one.
            if (!policy.IgnoresFailure)
            {
                throw Denied(policy, binding, PolicyFinding.Failure($"failed to configure binding: {e.Message}"), request);
            }

            return;
        }

        var ns = request.Namespace.Length > 0 ? state.Get(new StoreKey("namespaces", "", request.Namespace))?.ToJsonObject() : null;
        foreach (var finding in all.SelectMany(p => PolicyEvaluation.Findings(policy, request, version, p, ns)))
        {
            if (binding.Warns)
            {
                request.Warnings.Add($"Validation failed for ValidatingAdmissionPolicy '{policy.Name}' with binding '{binding.Name}': {finding.Message}");
            }

            if (binding.Denies)
            {
                throw Denied(policy, binding, finding, request);
            }
        }
    }

    /// <summary>The refusal in the words of a Kubernetes API server.</summary>
    internal static StatusException Denied(AdmissionPolicy policy, PolicyBinding binding, PolicyFinding finding, AdmissionRequest request)
    {
        var message = $"ValidatingAdmissionPolicy '{policy.Name}' with binding '{binding.Name}' denied request: {finding.Message}";
        var name = request.Name.Length > 0 ? request.Name : request.Object.Text("metadata", "generateName") ?? "Unknown";
        var forbidden = ApiErrors.Forbidden(request.Resource.Group, request.Resource.Plural, name, message, new JsonObject { ["message"] = message });
        var code = finding.Reason switch { "Unauthorized" => 401, "Forbidden" => 403, "RequestEntityTooLarge" => 413, _ => 422 };
        return new StatusException(code, finding.Reason, forbidden.Message, forbidden.Details);
    }
}
