using System.Text;
using System.Text.Json.Nodes;
using Godwit.LocalCluster.ApiServer.Resources;
using Godwit.LocalCluster.Store;

namespace Godwit.LocalCluster.ApiServer.Writing;

/// <summary>Between the stored form of an object and the version in which a client reads it.</summary>
internal static class ObjectReader
{
    /// <summary>A mutable copy in a version.</summary>
    public static JsonObject Present(StoredObject stored, ResourceInfo resource, ResourceVersionInfo version)
    {
        var obj = (JsonObject)JsonNode.Parse(Bytes(stored, resource, version).Span)!;
        return obj;
    }

    /// <summary>The bytes in a version; the stored ones themselves where nothing differs.</summary>
    public static ReadOnlyMemory<byte> Bytes(StoredObject stored, ResourceInfo resource, ResourceVersionInfo version)
    {
        if (resource.View is null && !resource.Custom)
        {
            return stored.Json;
        }

        if (stored.Presented is Read read && ReferenceEquals(read.Version, version))
        {
            return read.Json;
        }

        var json = resource.View is { } view
            ? Encode(view.FromStorage(stored.ToJsonObject()), stored.Revision)
            : ReadCustom(stored, resource, version);
        stored.Presented = new Read(version, json);
        return json;
    }

    /// <summary>The object as it is stored: storage version, stored kind.</summary>
    public static JsonObject ToStorage(JsonObject obj, ResourceInfo resource)
    {
        if (resource.View is { } view)
        {
            return view.ToStorage(obj);
        }

        var apiVersion = resource.ApiVersion(resource.StorageVersion.Name);
        if (ResourceOperations.Text(obj, "apiVersion") == apiVersion)
        {
            return obj;
        }

        var stored = (JsonObject)obj.DeepClone();
        stored["apiVersion"] = apiVersion;
        return stored;
    }

    // Defaults and fields that came or went with the schema since the object was written show when it is read.
    private static ReadOnlyMemory<byte> ReadCustom(StoredObject stored, ResourceInfo resource, ResourceVersionInfo version)
    {
        if (version.Schema is { } schema)
        {
            var obj = stored.ToJsonObject();
            obj["apiVersion"] = resource.ApiVersion(version.Name);
            schema.Decode(obj);
            schema.Default(obj);
            var json = Encode(obj, stored.Revision);
            return json.AsSpan().SequenceEqual(stored.Json.Span) ? stored.Json : json;
        }

        var apiVersion = "{\"apiVersion\":\"" + resource.ApiVersion(version.Name) + '"';
        var prefix = ObjectCodec.ApiVersionPrefixLength(stored.Json.Span);
        if (Encoding.UTF8.GetString(stored.Json.Span[..prefix]) == apiVersion)
        {
            return stored.Json;
        }

        return (byte[])[.. Encoding.UTF8.GetBytes(apiVersion), .. stored.Json.Span[prefix..]];
    }

    private static byte[] Encode(JsonObject obj, long revision) => ObjectCodec.WithRevision(ObjectCodec.Encode(obj), revision);

    /// <summary>What reading an object under a schema gives.</summary>
    private sealed record Read(ResourceVersionInfo Version, ReadOnlyMemory<byte> Json);
}
