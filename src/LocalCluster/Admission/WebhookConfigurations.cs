using System.Text.Json.Nodes;
using Godwit.LocalCluster.ApiServer.Admission;
using Godwit.LocalCluster.ApiServer.Errors;
using Godwit.LocalCluster.Expressions;
using Godwit.LocalCluster.Store;

namespace Godwit.LocalCluster.Admission;

/// <summary>The hooks of all configurations of one kind, by name of the configuration; read again only when one changed.</summary>
internal sealed class WebhookConfigurations(ObjectStore store, string resource)
{
    private readonly StoredList<Webhook> _hooks = new(resource, Webhook.ReadAll);

    public IReadOnlyList<Webhook> Current(StoreSnapshot state) => _hooks.Current(state);

    public StoreSnapshot State => store.Snapshot;

    /// <summary>Configurations themselves never go through hooks or policies: a wrong one could not be mended.</summary>
    public static bool IsExempt(AdmissionRequest request) => request.Resource.Group == "admissionregistration.k8s.io";

    /// <summary>Whether all match conditions hold. A condition without a value counts as the failure policy says.</summary>
    public static bool ConditionsHold(Webhook hook, AdmissionRequest request)
    {
        if (hook.Conditions.Count == 0)
        {
            return true;
        }

        var scope = new ExpressionScope(new Dictionary<string, JsonNode?>(StringComparer.Ordinal)
        {
            ["object"] = request.Object,
            ["oldObject"] = request.OldObject,
            ["request"] = AdmissionReview.Attributes(request, request.Version),
        });
        return hook.Conditions.Hold(scope, out var problem)
            ?? (hook.IgnoresFailure
                ? false
                : throw ApiErrors.Forbidden(request.Resource.Group, request.Resource.Plural, request.Name, $"webhook \"{hook.Name}\": match condition \"{problem.Name}\": {problem.Why}"));
    }
}
