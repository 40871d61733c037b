using System.Text;
using System.Text.Json.Nodes;
using Godwit.Machinery;
using Godwit.Types;
using Godwit.VirtApi.Admission;

namespace Godwit.Unit.VirtApi;

/// <summary>Admission requests as tests make them.</summary>
internal static class Requests
{
    public const string User = "kubernetes-admin";

    public static readonly DateTimeOffset Now = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);

    public static AdmissionRequest Create(string yaml, string user = User) => Make("CREATE", Document(yaml), old: null, user);

    public static AdmissionRequest Update(string old, string updated, string user = User) => Make("UPDATE", Document(updated), Document(old), user);

    public static JsonObject Document(string yaml) => (JsonObject)Yaml.Parse(yaml)!;

    /// <summary>The request's object after the verdict's patch.</summary>
    public static JsonObject After(this AdmissionRequest request, AdmissionVerdict verdict) =>
        (JsonObject)JsonPatch.Apply(request.Object, verdict.Patch ?? [])!;

    public static ClusterConfiguration Legacy(string? gates) => ClusterConfiguration.Resolve(
        kubeVirt: null,
        LegacyConfiguration.Read(new ConfigMap { Data = gates is null ? null : new Dictionary<string, string> { ["feature-gates"] = gates } }));

    private static AdmissionRequest Make(string operation, JsonObject @object, JsonObject? old, string user)
    {
        var review = new JsonObject
        {
            ["apiVersion"] = "admission.k8s.io/v1",
            ["kind"] = "AdmissionReview",
            ["request"] = new JsonObject
            {
                ["uid"] = "review-1",
                ["operation"] = operation,
                ["namespace"] = "default",
                ["name"] = @object.Name(),
                ["userInfo"] = new JsonObject { ["username"] = user, ["groups"] = new JsonArray("system:masters") },
                ["object"] = @object,
                ["oldObject"] = old,
            },
        };
        return AdmissionRequest.Read(JsonNode.Parse(Encoding.UTF8.GetBytes(review.ToJsonString())));
    }
}
