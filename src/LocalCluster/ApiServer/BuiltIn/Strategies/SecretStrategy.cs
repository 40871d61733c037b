using System.Buffers.Text;
using System.Text.Json.Nodes;
using Godwit.LocalCluster.ApiServer.Errors;
using Godwit.LocalCluster.ApiServer.Resources;

namespace Godwit.LocalCluster.ApiServer.BuiltIn.Strategies;

/// <summary>Secrets: stringData is only a way to write data; some types need certain keys.</summary>
internal sealed class SecretStrategy : ResourceStrategy
{
    public override IEnumerable<FieldError> Validate(WriteContext context, JsonObject obj)
    {
        foreach (var error in DataRules.Keys(obj["data"], "data").Concat(DataRules.Size(obj["data"])))
        {
            yield return error;
        }

        foreach (var (key, value) in obj["data"] as JsonObject ?? [])
        {
            if (value is not JsonValue v || !v.TryGetValue<string>(out var text) || !Base64.IsValid(text))
            {
                yield return FieldError.Invalid($"data[{key}]", "\"...\"", "illegal base64 data");
            }
        }

        IEnumerable<string> needed = ResourceOperations.Text(obj, "type") switch
        {
            "kubernetes.io/tls" => ["tls.crt", "tls.key"],
            "kubernetes.io/dockerconfigjson" => [".dockerconfigjson"],
            "kubernetes.io/dockercfg" => [".dockercfg"],
            "kubernetes.io/ssh-auth" => ["ssh-privatekey"],
            _ => [],
        };
        foreach (var key in needed.Where(k => obj["data"]?[k] is null))
        {
            yield return FieldError.Required($"data[{key}]");
        }
    }

    public override IEnumerable<FieldError> ValidateUpdate(WriteContext context, JsonObject obj, JsonObject old)
    {
        if (ResourceOperations.Text(obj, "type") != ResourceOperations.Text(old, "type"))
        {
            yield return FieldError.Invalid("type", '"' + ResourceOperations.Text(obj, "type") + '"', "field is immutable");
        }

        foreach (var error in DataRules.Immutable(obj, old, ["data"]))
        {
            yield return error;
        }
    }
}
