using Godwit.LocalCluster.ApiServer.Admission;
using Godwit.LocalCluster.Services;
using Godwit.LocalCluster.Store;

namespace Godwit.LocalCluster.Admission;

/// <summary>Asks the hooks of ValidatingWebhookConfigurations, all at once; the first refusal in their order is the answer.</summary>
public sealed class ValidatingWebhooks(ObjectStore store, ServiceTransport transport, TimeProvider time) : IAdmissionPlugin
{
    private readonly WebhookConfigurations _configurations = new(store, "validatingwebhookconfigurations.admissionregistration.k8s.io");
    private readonly WebhookCaller _caller = new(transport, time);

    public async Task ValidateAsync(AdmissionRequest request, CancellationToken cancellationToken)
    {
        var state = _configurations.State;
        var hooks = _configurations.Current(state);
        if (hooks.Count == 0 || WebhookConfigurations.IsExempt(request))
        {
            return;
        }

        var calls = new List<Task>();
        foreach (var hook in hooks)
        {
            if (WebhookMatcher.Match(hook.Requests, request, state) is { } version && WebhookConfigurations.ConditionsHold(hook, request))
            {
                calls.Add(_caller.AskAsync(hook, request, version, cancellationToken));
            }
        }

        // Awaited one by one, the first refusal is thrown; the others have ended by then, so that none is left unobserved.
        await Task.WhenAll(calls).ContinueWith(static _ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        foreach (var call in calls)
        {
            await call;
        }
    }
}
