using System.Text.Json.Nodes;
using Godwit.LocalCluster.Admission;
using Godwit.LocalCluster.ApiServer.Admission;
using Godwit.LocalCluster.ApiServer.Resources;
using Godwit.LocalCluster.Schema;
using Godwit.Unit.LocalCluster.Schema;

namespace Godwit.Unit.LocalCluster.Admission;

/// <summary>Policies, and requests for them to judge.</summary>
internal static class Policies
{
    public static readonly ResourceInfo ConfigMaps = new()
    {
        Group = "",
        Plural = "configmaps",
        Singular = "configmap",
        Kind = "ConfigMap",
        Namespaced = true,
        Versions = [new ResourceVersionInfo { Name = "v1", Storage = true }],
    };

    /// <summary>A policy over config maps with this in its spec.</summary>
    public static JsonObject Document(string spec)
    {
        var document = Widgets.Parse(
            $$$"""{"apiVersion":"admissionregistration.k8s.io/v1","kind":"ValidatingAdmissionPolicy","metadata":{"name":"p"},"spec":{{{{spec}}}}}""");
        BuiltInDefaults.Set((JsonObject)document["spec"]!, "matchConstraints", Widgets.Parse(
            """{"resourceRules":[{"apiGroups":[""],"apiVersions":["v1"],"operations":["CREATE","UPDATE"],"resources":["configmaps"]}]}"""));
        return Defaulted(document);
    }

    public static AdmissionPolicy Policy(string spec) => AdmissionPolicy.Read(Document(spec));

    /// <summary>A binding with this as its spec.</summary>
    public static JsonObject Binding(string spec) => Defaulted(Widgets.Parse(
        $$$"""{"apiVersion":"admissionregistration.k8s.io/v1","kind":"ValidatingAdmissionPolicyBinding","metadata":{"name":"b"},"spec":{{{spec}}}}"""));

    public static AdmissionRequest Request(string @object, string oldObject = "null", UserInfo? user = null, ResourceInfo? resource = null, string name = "x") => new()
    {
        Operation = oldObject == "null" ? AdmissionOperation.Create : AdmissionOperation.Update,
        Resource = resource ?? ConfigMaps,
        Version = (resource ?? ConfigMaps).Versions[0],
        Namespace = "default",
        Name = name,
        Object = JsonNode.Parse(@object) as JsonObject,
        OldObject = JsonNode.Parse(oldObject) as JsonObject,
        User = user ?? new UserInfo("admin", ["system:masters"]),
    };

    private static JsonObject Defaulted(JsonObject document)
    {
        BuiltInDefaults.Apply("admissionregistration.k8s.io/v1", (string)document["kind"]!, document);
        return document;
    }
}
