namespace Godwit.Tests.E2E.Support;

/// <summary>A MigrationPolicy, in force until it is disposed of.</summary>
internal sealed class Policy : IAsyncDisposable
{
    private readonly TestCluster _cluster;
    private readonly string _name;

    private Policy(TestCluster cluster, string name)
    {
        _cluster = cluster;
        _name = name;
    }

    /// <summary>A policy for all VMIs of one namespace, under the namespace's own name.</summary>
    public static Task<Policy> OfNamespaceAsync(TestCluster cluster, string @namespace, params string[] settings) =>
        CreateAsync(cluster, @namespace, $"{{namespaceSelector: {{kubernetes.io/metadata.name: {@namespace}}}}}", settings);

    /// <summary>A policy with selectors of any kind, in YAML's flow style.</summary>
    public static async Task<Policy> CreateAsync(TestCluster cluster, string name, string selectors, params string[] settings)
    {
        (await cluster.KubectlAsync(["create", "-f", "-"], $$"""
            apiVersion: migrations.kubevirt.io/v1alpha1
            kind: MigrationPolicy
            metadata: {name: {{name}}}
            spec:
              selectors: {{selectors}}
            {{string.Join("\n", settings.Select(static s => $"  {s}"))}}
            """)).Ok();
        return new(cluster, name);
    }

    public async ValueTask DisposeAsync() => (await _cluster.KubectlAsync(["delete", "migrationpolicy", _name])).Ok();
}
