using System.Text.Json.Nodes;
using Godwit.Machinery;
using Microsoft.Extensions.Logging;

namespace Godwit.VirtApi.Serving;

/// <summary>Keeps <c>caBundle</c> right in every object of one kind that sends the API server to us.</summary>
public sealed class TrustInjector
{
    private readonly ApiClient _api;
    private readonly ResourceKind _kind;
    private readonly NamespacedName _service;
    private readonly ServingCertificates _certificates;
    private readonly Informer<JsonObject> _objects;
    private readonly ControllerRunner _runner;

    public TrustInjector(
        ApiClient api, ResourceKind kind, NamespacedName service, ServingCertificates certificates, ILogger logger, TimeProvider clock)
    {
        _api = api;
        _kind = kind;
        _service = service;
        _certificates = certificates;
        _objects = new(api, kind, MachineryJson.Default.JsonObject, logger, clock, new() { LabelSelector = "kubevirt.io=" });
        _runner = new($"trust-{kind.Plural}", ReconcileAsync, logger, clock, new() { Workers = 1 });
        _objects.OnChange(change => _runner.Enqueue(change.Key));
    }

    /// <summary>Looks at all objects again, as the trust bundle has changed.</summary>
    public void Refresh()
    {
        foreach (var @object in _objects.List())
        {
            _runner.Enqueue(@object.Key());
        }
    }

    /// <summary>Whether every object that there is has the present bundle.</summary>
    public bool IsInPlace => _objects.HasSynced && _objects.List().All(@object => Wanted(@object).Count == 0);

    /// <summary>Waits until every object that there is now has been put right.</summary>
    public async Task WaitAsync(CancellationToken ct)
    {
        await _objects.WaitForSyncAsync(ct);
        foreach (var @object in _objects.List())
        {
            await ReconcileAsync(@object.Key(), ct);
        }
    }

    public Task RunAsync(CancellationToken ct) =>
        TaskGroup.RunAsync(ct, _objects.RunAsync, token => _runner.RunAsync(token, _objects.WaitForSyncAsync));

    private async Task<Result> ReconcileAsync(NamespacedName key, CancellationToken ct)
    {
        var patch = Wanted(_objects.Get(key));
        if (patch.Count > 0)
        {
            await _api.PatchAsync(_kind, key, PatchKind.Json, patch, ct: ct);
        }

        return Result.Done;
    }

    private JsonArray Wanted(JsonObject? @object) => TrustInjection.Decide(@object, _service, _certificates.TrustBundle);
}
