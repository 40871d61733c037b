using System.Diagnostics;
using System.Text.Json.Nodes;
using Godwit.Machinery;

namespace Godwit.Perf;

/// <summary>Lists many objects of a VMI's size, of a kind that no controller looks at.</summary>
internal static class ListBench
{
    private const int Rounds = 9;
    private const int Writers = 8;
    private static readonly ResourceKind Definition = new("apiextensions.k8s.io", "v1", "customresourcedefinitions", "CustomResourceDefinition", Namespaced: false);
    private static readonly ResourceKind Sample = new("perf.godwit.dev", "v1", "samples", "Sample", Namespaced: true);

    public static async Task RunAsync(ApiClient api, JsonObject model, int count, Report report, CancellationToken ct)
    {
        await api.CreateAsync(Definition, DefinitionOfSample(), ct: ct);
        await UntilServedAsync(api, ct);
        var next = -1;
        var began = Stopwatch.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(0, Writers).Select(async _ =>
        {
            while (Interlocked.Increment(ref next) is var i && i < count)
            {
                await api.CreateAsync(
                    Sample,
                    new JsonObject
                    {
                        ["apiVersion"] = Sample.ApiVersion,
                        ["kind"] = Sample.Kind,
                        ["metadata"] = new JsonObject { ["name"] = $"sample-{i}", ["namespace"] = "default" },
                        ["spec"] = model["spec"]!.DeepClone(),
                        ["status"] = model["status"]!.DeepClone(),
                    },
                    ct: ct);
            }
        }));
        report.Add($"create {count} objects", "ms", Stopwatch.GetElapsedTime(began).TotalMilliseconds);
        for (var i = 0; i < Rounds; i++)
        {
            began = Stopwatch.GetTimestamp();
            var text = await api.GetRawAsync(Sample.CollectionPath("default"), ct: ct);
            report.Add($"list {count} objects, all bytes received", "ms", Stopwatch.GetElapsedTime(began).TotalMilliseconds, 100);
            if (i == 0)
            {
                report.Add("… size of the list", "MiB", text.Length / 1048576.0);
            }
        }
    }

    private static async Task UntilServedAsync(ApiClient api, CancellationToken ct)
    {
        while (true)
        {
            try
            {
                await api.GetRawAsync(Sample.CollectionPath("default"), ct: ct);
                return;
            }
            catch (ApiException e) when (e.IsNotFound)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, ct);
            }
        }
    }

    private static JsonObject DefinitionOfSample() => new()
    {
        ["apiVersion"] = Definition.ApiVersion,
        ["kind"] = Definition.Kind,
        ["metadata"] = new JsonObject { ["name"] = $"{Sample.Plural}.{Sample.Group}" },
        ["spec"] = new JsonObject
        {
            ["group"] = Sample.Group,
            ["scope"] = "Namespaced",
            ["names"] = new JsonObject { ["plural"] = Sample.Plural, ["singular"] = "sample", ["kind"] = Sample.Kind },
            ["versions"] = new JsonArray(new JsonObject
            {
                ["name"] = Sample.Version,
                ["served"] = true,
                ["storage"] = true,
                ["schema"] = new JsonObject
                {
                    ["openAPIV3Schema"] = new JsonObject { ["type"] = "object", ["x-kubernetes-preserve-unknown-fields"] = true },
                },
            }),
        },
    };
}
