using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;

namespace Godwit.LocalCluster.ApiServer.Discovery;

/// <summary>The older discovery documents, derived from the aggregated one.</summary>
internal static class LegacyDiscovery
{
    /// <summary>An APIGroup without its kind, as in a list.</summary>
    public static JsonObject Group(JsonObject group)
    {
        var name = group["metadata"]!["name"]!.GetValue<string>();
        var versions = ((JsonArray)group["versions"]!).Select(v => v!["version"]!.GetValue<string>()).ToList();
        JsonObject Version(string version) => new() { ["groupVersion"] = name + "/" + version, ["version"] = version };
        return new JsonObject
        {
            ["name"] = name,
            ["versions"] = new JsonArray([.. versions.Select(JsonNode (v) => Version(v))]),
            ["preferredVersion"] = Version(versions[0]),
        };
    }

    /// <summary>An APIResourceList.</summary>
    /// <param name="group">The group's name.</param>
    /// <param name="version">One of its versions, from the aggregated document.</param>
    /// <param name="storedAs">Which kind the objects of a resource are stored as; null for one that is not stored here.</param>
    public static JsonObject Resources(string group, JsonObject version, Func<string, string?> storedAs)
    {
        var name = version["version"]!.GetValue<string>();
        var resources = new JsonArray();
        foreach (var resource in ((JsonArray)version["resources"]!).OfType<JsonObject>())
        {
            var plural = resource["resource"]!.GetValue<string>();
            var namespaced = resource["scope"]!.GetValue<string>() == "Namespaced";
            var entry = Entry(plural, resource["singularResource"]!.GetValue<string>(), namespaced, resource, group, name);
            if (storedAs(plural) is { } kind)
            {
                entry["storageVersionHash"] = Hash(kind);
            }

            resources.Add((JsonNode)entry);
            foreach (var sub in (resource["subresources"] as JsonArray ?? []).OfType<JsonObject>())
            {
                resources.Add((JsonNode)Entry(plural + "/" + sub["subresource"]!.GetValue<string>(), "", namespaced, sub, group, name));
            }
        }

        var list = new JsonObject { ["kind"] = "APIResourceList" };
        if (group.Length > 0)
        {
            list["apiVersion"] = "v1";
        }

        list["groupVersion"] = group.Length == 0 ? name : group + "/" + name;
        list["resources"] = resources;
        return list;
    }

    /// <summary>Tells clients when the form in which objects are stored has changed: some bytes of a digest of group, version and kind.</summary>
    private static string Hash(string kind) => Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(kind))[..8]);

    private static JsonObject Entry(string name, string singular, bool namespaced, JsonObject from, string group, string version)
    {
        var kind = (JsonObject)from["responseKind"]!;
        var entry = new JsonObject { ["name"] = name, ["singularName"] = singular, ["namespaced"] = namespaced };
        var kindGroup = kind["group"]!.GetValue<string>();
        var kindVersion = kind["version"]!.GetValue<string>();
        if (kindVersion.Length > 0 && (kindGroup != group || kindVersion != version))
        {
            entry["group"] = kindGroup;
            entry["version"] = kindVersion;
        }

        entry["kind"] = kind["kind"]!.GetValue<string>();
        entry["verbs"] = from["verbs"]!.DeepClone();
        foreach (var field in (string[])["shortNames", "categories"])
        {
            if (from[field] is { } value)
            {
                entry[field] = value.DeepClone();
            }
        }

        return entry;
    }
}
