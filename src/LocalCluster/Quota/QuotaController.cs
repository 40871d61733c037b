using System.Text.Json.Nodes;
using Godwit.LocalCluster.ApiServer;
using Godwit.LocalCluster.ApiServer.Errors;
using Godwit.Machinery;

namespace Godwit.LocalCluster.Quota;

/// <summary>Writes into quotas how much of them is used.</summary>
public sealed class QuotaController : IClusterService
{
    private static readonly string[] Quotas = ["resourcequotas"];

    public string Name => "resource-quotas";

    public async Task RunAsync(ClusterContext context, CancellationToken cancellationToken)
    {
        var operations = context.ApiServer.Operations;
        while (true)
        {
            var state = operations.Store.Snapshot;
            var quotas = state.List("resourcequotas").Select(q => q.ToJsonObject()).ToList();
            foreach (var quota in quotas)
            {
                var status = new JsonObject { ["hard"] = quota.At("spec", "hard")?.DeepClone() ?? new JsonObject(), ["used"] = new JsonObject() };
                foreach (var key in quota.Strings("spec", "hard").Keys)
                {
                    if (ResourceUsage.Used(key, quota.Namespace(), state) is { } used)
                    {
                        status["used"]![key] = used.ToString();
                    }
                }

                if (!JsonNode.DeepEquals(status, quota["status"]))
                {
                    await WriteAsync(operations, quota, status, cancellationToken);
                }
            }

            await (quotas.Count > 0
                ? operations.Store.WaitForChangeAsync(state.Revision, cancellationToken)
                : operations.Store.WaitForChangeAsync(Quotas, state.Revision, cancellationToken));
        }
    }

    private static async Task WriteAsync(ResourceOperations operations, JsonObject quota, JsonObject status, CancellationToken cancellationToken)
    {
        try
        {
            await operations.ModifyAsync(operations.Target("resourcequotas", quota.Namespace(), quota.Name(), "status"), obj =>
            {
                obj["status"] = status.DeepClone();
                return obj;
            }, RequestOptions.System, cancellationToken);
        }
        catch (StatusException e) when (e.Code is 404 or 409)
        {
            // Deleted or changed meanwhile: that change brings the next look.
        }
    }
}
