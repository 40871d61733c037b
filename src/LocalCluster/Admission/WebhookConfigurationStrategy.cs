using System.Text.Json.Nodes;
using Godwit.LocalCluster.ApiServer.Errors;
using Godwit.LocalCluster.ApiServer.Resources;
using Godwit.LocalCluster.Schema;
using Godwit.Machinery;

namespace Godwit.LocalCluster.Admission;

/// <summary>Refuses webhook configurations that could not be carried out, match conditions above all: none is ever skipped.</summary>
public sealed class WebhookConfigurationStrategy : ResourceStrategy
{
    public override bool CountsGeneration => true;

    public override IEnumerable<FieldError> Validate(WriteContext context, JsonObject obj)
    {
        foreach (var (hook, i) in (obj["webhooks"] as JsonArray ?? []).OfType<JsonObject>().Select((h, i) => (h, i)))
        {
            foreach (var error in Check(hook, $"webhooks[{i}]"))
            {
                yield return error;
            }
        }
    }

    private static IEnumerable<FieldError> Check(JsonObject hook, string path)
    {
        var name = hook.Text("name") ?? "";
        if (name.Length > 0 && name.Split('.').Length < 3)
        {
            yield return FieldError.Invalid($"{path}.name", $"\"{name}\"", "should be a domain with at least three segments separated by dots");
        }

        if (hook.Text("sideEffects") is "Some" or "Unknown")
        {
            yield return FieldError.NotSupported($"{path}.sideEffects", $"\"{hook.Text("sideEffects")}\"", ["None", "NoneOnDryRun"]);
        }

        if (!((hook["admissionReviewVersions"] as JsonArray)?.Any(v => v.Text() == "v1") ?? false))
        {
            yield return FieldError.Invalid($"{path}.admissionReviewVersions", JsonKinds.Show(hook["admissionReviewVersions"]), "must include at least one of v1");
        }

        if (hook.Integer("timeoutSeconds") is < 1 or > 30)
        {
            yield return FieldError.Invalid($"{path}.timeoutSeconds", JsonKinds.Show(hook["timeoutSeconds"]), "the timeout value must be between 1 and 30 seconds");
        }

        var url = hook.Text("clientConfig", "url");
        if ((url is null) == (hook.At("clientConfig", "service") is null))
        {
            yield return FieldError.Required($"{path}.clientConfig", "exactly one of url or service is required");
        }
        else if (url is not null && (!Uri.TryCreate(url, UriKind.Absolute, out var parsed) || parsed.Scheme != Uri.UriSchemeHttps))
        {
            yield return FieldError.Invalid($"{path}.clientConfig.url", $"\"{url}\"", "'https' is the only allowed URL scheme; desired format: https://host[/path]");
        }

        if (hook.Text("clientConfig", "caBundle") is { Length: > 0 } bundle && !IsPem(bundle))
        {
            yield return FieldError.Invalid($"{path}.clientConfig.caBundle", $"\"{bundle}\"", "unable to load root certificates: unable to parse bytes as PEM block");
        }

        foreach (var error in RuleRules.Check(hook["rules"], $"{path}.rules").Concat(ExpressionRules.Conditions(hook["matchConditions"], $"{path}.matchConditions", Webhook.Variables)))
        {
            yield return error;
        }
    }

    private static bool IsPem(string bundle)
    {
        try
        {
            return System.Text.Encoding.UTF8.GetString(Convert.FromBase64String(bundle)).Contains("-----BEGIN CERTIFICATE-----", StringComparison.Ordinal);
        }
        catch (FormatException)
        {
            return false;
        }
    }
}
