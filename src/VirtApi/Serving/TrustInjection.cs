using System.Text;
using System.Text.Json.Nodes;
using Godwit.Machinery;

namespace Godwit.VirtApi.Serving;

/// <summary>Decides, purely, which <c>caBundle</c> fields of an object are to be set so that the API server trusts our certificate.</summary>
public static class TrustInjection
{
    /// <summary>The patch for a webhook configuration or an APIService; empty when all is as it should be.</summary>
    public static JsonArray Decide(JsonNode? @object, NamespacedName service, string bundle)
    {
        var wanted = Convert.ToBase64String(Encoding.UTF8.GetBytes(bundle));
        var patch = new JsonArray();
        if (@object.At("webhooks") is JsonArray webhooks)
        {
            for (var i = 0; i < webhooks.Count; i++)
            {
                var config = webhooks[i].At("clientConfig");
                if (Names(config.At("service"), service) && config.Text("caBundle") != wanted)
                {
                    // The position is only good for the webhook that was seen there.
                    patch.Add((JsonNode)JsonPatch.Test($"/webhooks/{i}/name", webhooks[i].Text("name")));
                    patch.Add((JsonNode)JsonPatch.Add($"/webhooks/{i}/clientConfig/caBundle", wanted));
                }
            }
        }

        if (Names(@object.At("spec", "service"), service) && @object.Text("spec", "caBundle") != wanted)
        {
            patch.Add((JsonNode)JsonPatch.Add("/spec/caBundle", wanted));
            if (@object.Flag("spec", "insecureSkipTLSVerify") == true)
            {
                // The API server accepts only one of the two.
                patch.Add((JsonNode)JsonPatch.Remove("/spec/insecureSkipTLSVerify"));
            }
        }

        return patch;
    }

    private static bool Names(JsonNode? reference, NamespacedName service) =>
        reference.Text("name") == service.Name && reference.Text("namespace") == service.Namespace;
}
