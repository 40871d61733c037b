using System.Collections.Concurrent;
using Godwit.LocalCluster.ApiServer.Resources;

namespace Godwit.LocalCluster.Schema;

/// <summary>The schemas of the kinds that the server knows by itself, from the fact files beside this class.</summary>
public static class BuiltInSchemas
{
    private static readonly Lazy<BuiltInSchemaReader> Reader = new(Load);
    private static readonly ConcurrentDictionary<(string, string), ISchemaProvider?> Providers = new();

    /// <summary>The metadata of every object.</summary>
    public static StructuralSchema ObjectMeta => Type("io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta");

    /// <summary>Types by full name (<c>io.k8s.api.core.v1.Pod</c>).</summary>
    public static IReadOnlyDictionary<string, StructuralSchema> Types => Reader.Value.Types;

    public static StructuralSchema Type(string fullName) => Types[fullName];

    /// <summary>The schema of a kind; null when the server has no facts on it.</summary>
    public static StructuralSchema? Kind(string apiVersion, string kind) =>
        Reader.Value.Kinds.TryGetValue((apiVersion, kind), out var name) ? Types[name] : null;

    /// <summary>Decoding, defaults and validation of a kind; null when the server has no facts on it.</summary>
    public static ISchemaProvider? Provider(string apiVersion, string kind) =>
        Providers.GetOrAdd((apiVersion, kind), static key => Kind(key.Item1, key.Item2) is { } schema ? new BuiltInSchemaProvider(key.Item1, key.Item2, schema) : null);

    private static BuiltInSchemaReader Load()
    {
        var reader = new BuiltInSchemaReader();
        var assembly = typeof(BuiltInSchemas).Assembly;
        foreach (var name in assembly.GetManifestResourceNames().Where(n => n.EndsWith(".schema", StringComparison.Ordinal)).Order(StringComparer.Ordinal))
        {
            using var text = new StreamReader(assembly.GetManifestResourceStream(name)!);
            reader.Add(text.ReadToEnd());
        }

        reader.Resolve();
        return reader;
    }
}
