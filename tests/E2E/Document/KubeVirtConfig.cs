using Godwit.Tests.E2E.Support;

namespace Godwit.Tests.E2E.Document;

/// <summary>The ConfigMap kubevirt-config of the document, in force until it is disposed of.</summary>
internal sealed class KubeVirtConfig : IAsyncDisposable
{
    private readonly ClusterFixture _cluster;

    private KubeVirtConfig(ClusterFixture cluster) => _cluster = cluster;

    /// <summary>One of the examples, as it is.</summary>
    public static async Task<KubeVirtConfig> ExampleAsync(ClusterFixture cluster, string file)
    {
        (await cluster.KubectlAsync(["apply", "-f", Path.Combine(ClusterFixture.Root, "examples", file)])).Ok();
        return new(cluster);
    }

    /// <summary>The document's map with other gates.</summary>
    public static Task<KubeVirtConfig> GatesAsync(ClusterFixture cluster, string gates) => ApplyAsync(cluster, $"feature-gates: \"{gates}\"");

    /// <summary>The document's map with other settings for migrations.</summary>
    public static Task<KubeVirtConfig> MigrationsAsync(ClusterFixture cluster, params string[] settings) =>
        ApplyAsync(cluster, string.Join("\n", ["feature-gates: \"LiveMigration\"", "  migrations: |-", .. settings.Select(static s => $"    {s}")]));

    public async ValueTask DisposeAsync() =>
        (await _cluster.KubectlAsync(["delete", "configmap", "kubevirt-config", "-n", "kubevirt", "--ignore-not-found"])).Ok();

    private static async Task<KubeVirtConfig> ApplyAsync(ClusterFixture cluster, string data)
    {
        var map = $"""
            apiVersion: v1
            kind: ConfigMap
            metadata:
              name: kubevirt-config
              namespace: kubevirt
              labels:
                kubevirt.io: ""
            data:
              {data}
            """;
        (await cluster.KubectlAsync(["apply", "-f", "-"], map)).Ok();
        return new(cluster);
    }
}
