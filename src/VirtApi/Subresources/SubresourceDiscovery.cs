using System.Text.Json.Nodes;

namespace Godwit.VirtApi.Subresources;

/// <summary>What this server says it serves; clients look here before they call.</summary>
internal static class SubresourceDiscovery
{
    public const string Group = "subresources.kubevirt.io";

    public static IReadOnlyList<string> Versions { get; } = ["v1", "v1alpha3"];

    public static JsonObject ApiGroup() => new()
    {
        ["kind"] = "APIGroup",
        ["apiVersion"] = "v1",
        ["name"] = Group,
        ["versions"] = new JsonArray([.. Versions.Select(Version)]),
        ["preferredVersion"] = Version(Versions[0]),
    };

    public static JsonObject ApiGroupList() => new()
    {
        ["kind"] = "APIGroupList",
        ["apiVersion"] = "v1",
        ["groups"] = new JsonArray(ApiGroup()),
    };

    public static JsonObject ApiResourceList(string version) => new()
    {
        ["kind"] = "APIResourceList",
        ["apiVersion"] = "v1",
        ["groupVersion"] = $"{Group}/{version}",
        ["resources"] = new JsonArray(
        [
            Resource("virtualmachineinstances/console", "get"),
            .. VirtualMachineEndpoints.All.Select(static name => Resource(name, "update")),
            .. VmiSubresources.All.Select(static vmi => Resource($"virtualmachineinstances/{vmi.Name}", vmi.Verb)),
        ]),
    };

    private static JsonObject Resource(string name, string verb) => new()
    {
        ["name"] = name,
        ["singularName"] = "",
        ["namespaced"] = true,
        ["kind"] = "",
        ["verbs"] = new JsonArray(verb),
    };

    private static JsonObject Version(string version) => new() { ["groupVersion"] = $"{Group}/{version}", ["version"] = version };
}
