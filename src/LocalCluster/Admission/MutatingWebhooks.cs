using System.Text;
using System.Text.Json.Nodes;
using Godwit.LocalCluster.ApiServer.Admission;
using Godwit.LocalCluster.ApiServer.Errors;
using Godwit.LocalCluster.ApiServer.Resources;
using Godwit.LocalCluster.Services;
using Godwit.LocalCluster.Store;
using Godwit.Machinery;

namespace Godwit.LocalCluster.Admission;

/// <summary>Asks the hooks of MutatingWebhookConfigurations one after another, and once more those that want it when others changed the object after them.</summary>
public sealed class MutatingWebhooks(ObjectStore store, ServiceTransport transport, TimeProvider time) : IAdmissionPlugin
{
    private readonly WebhookConfigurations _configurations = new(store, "mutatingwebhookconfigurations.admissionregistration.k8s.io");
    private readonly WebhookCaller _caller = new(transport, time);

    public async Task MutateAsync(AdmissionRequest request, CancellationToken cancellationToken)
    {
        var state = _configurations.State;
        var hooks = _configurations.Current(state);
        if (hooks.Count == 0 || WebhookConfigurations.IsExempt(request))
        {
            return;
        }

        var asked = new List<(Webhook Hook, ResourceVersionInfo Version, JsonNode? After)>();
        foreach (var hook in hooks)
        {
            if (WebhookMatcher.Match(hook.Requests, request, state) is { } version && WebhookConfigurations.ConditionsHold(hook, request))
            {
                await AskAsync(hook, version, request, cancellationToken);
                asked.Add((hook, version, hook.Reinvoked ? request.Object?.DeepClone() : null));
            }
        }

        foreach (var (hook, version, after) in asked)
        {
            if (hook.Reinvoked && request.Object is not null && !JsonNode.DeepEquals(after, request.Object))
            {
                await AskAsync(hook, version, request, cancellationToken);
            }
        }
    }

    private async Task AskAsync(Webhook hook, ResourceVersionInfo version, AdmissionRequest request, CancellationToken cancellationToken)
    {
        var response = await _caller.AskAsync(hook, request, version, cancellationToken);
        if (response.Text("patch") is not { Length: > 0 } encoded)
        {
            return;
        }

        if (response.Text("patchType") is { } type and not "JSONPatch")
        {
            throw ApiErrors.Internal($"admission webhook \"{hook.Name}\" returned a patch of the unknown type {type}");
        }

        if (request.Object is null)
        {
            throw ApiErrors.Internal($"admission webhook \"{hook.Name}\" attempted to modify the object, which is not supported for this operation");
        }

        try
        {
            var patch = JsonNode.Parse(Encoding.UTF8.GetString(Convert.FromBase64String(encoded)));
            var patched = JsonPatch.Apply(AdmissionReview.InVersion(request.Object, request, version), patch) as JsonObject
                ?? throw new FormatException("the patch leaves no object");
            patched["apiVersion"] = request.Object["apiVersion"]?.DeepClone();
            request.Object = patched;
        }
        catch (Exception e) when (e is JsonPatchException or FormatException or System.Text.Json.JsonException)
        {
            throw ApiErrors.Internal(e.Message);
        }
    }
}
