using System.Text.Json.Nodes;
using Godwit.LocalCluster.ApiServer.Admission;
using Godwit.LocalCluster.Expressions;
using Godwit.LocalCluster.Store;

namespace Godwit.LocalCluster.Admission;

/// <summary>The hooks of all configurations of one kind, by name of the configuration; read again only when one changed.</summary>
internal sealed class WebhookConfigurations(ObjectStore store, string resource)
{
    private Cached _cached = new(-1, []);

    public IReadOnlyList<Webhook> Current(StoreSnapshot state)
    {
        var change = state.LastChange(resource);
        var cached = _cached;
        if (cached.Change != change)
        {
            cached = new Cached(change, [.. state.List(resource).SelectMany(c => Webhook.ReadAll(c.ToJsonObject()))]);
            _cached = cached;
        }

        return cached.Hooks;
    }

    public StoreSnapshot State => store.Snapshot;

    /// <summary>Configurations themselves never go through hooks: a wrong one could not be mended.</summary>
    public static bool IsExempt(AdmissionRequest request) => request.Resource.Group == "admissionregistration.k8s.io";

    /// <summary>Whether all match conditions hold. A condition without a value counts as the failure policy says.</summary>
    public static bool ConditionsHold(Webhook hook, AdmissionRequest request)
    {
        if (hook.Conditions.Count == 0)
        {
            return true;
        }

        var variables = new Dictionary<string, JsonNode?>(StringComparer.Ordinal)
        {
            ["object"] = request.Object,
            ["oldObject"] = request.OldObject,
            ["request"] = AdmissionReview.Request(request, request.Version, ""),
        };
        foreach (var (name, expression) in hook.Conditions)
        {
            try
            {
                if (!expression.IsTrue(variables))
                {
                    return false;
                }
            }
            catch (ExpressionException e)
            {
                if (hook.IgnoresFailure)
                {
                    return false;
                }

                throw ApiServer.Errors.ApiErrors.Forbidden(request.Resource.Group, request.Resource.Plural, request.Name, $"webhook \"{hook.Name}\": match condition \"{name}\": {e.Message}");
            }
        }

        return true;
    }

    private sealed record Cached(long Change, IReadOnlyList<Webhook> Hooks);
}
