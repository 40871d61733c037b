using System.Globalization;
using System.Text.Json.Nodes;
using Godwit.LocalCluster.ApiServer.Errors;
using Godwit.LocalCluster.ApiServer.Http;
using Godwit.Machinery;
using Microsoft.AspNetCore.Http;

namespace Godwit.LocalCluster.ApiServer.Subresources;

/// <summary>serviceaccounts/token: makes a bearer token for an account.</summary>
internal sealed class TokenHandler(ResourceOperations operations, ServiceAccountTokens tokens)
{
    private const long MinSeconds = 600;
    private const long DefaultSeconds = 3600;
    private const long MaxSeconds = 1L << 32;

    public async Task HandleAsync(ApiRequest call)
    {
        var target = call.Target;
        var account = operations.Get(target with { Subresource = null });
        var request = await RequestBody.ReadObjectAsync(call.Http, "TokenRequest", []);
        var seconds = request.Integer("spec", "expirationSeconds") ?? DefaultSeconds;
        if (seconds is < MinSeconds or > MaxSeconds)
        {
            var problem = seconds < MinSeconds ? "may not specify a duration less than 10 minutes" : "may not specify a duration larger than 2^32 seconds";
            throw ApiErrors.Invalid("authentication.k8s.io", "TokenRequest", "", [FieldError.Invalid("spec.expirationSeconds", seconds.ToString(CultureInfo.InvariantCulture), problem)]);
        }

        var audiences = (request["spec"]?["audiences"] as JsonArray)?.Select(a => a!.GetValue<string>()).ToList();
        if (audiences is null or { Count: 0 })
        {
            audiences = [ServiceAccountTokens.DefaultAudience];
        }

        var (token, expires) = tokens.Issue(target.Namespace, target.Name, ResourceOperations.Text(account, "metadata", "uid"), audiences, TimeSpan.FromSeconds(seconds));
        await ResponseWriter.NodeAsync(call.Http, StatusCodes.Status201Created, new JsonObject
        {
            ["kind"] = "TokenRequest",
            ["apiVersion"] = "authentication.k8s.io/v1",
            ["metadata"] = new JsonObject { ["name"] = target.Name, ["namespace"] = target.Namespace, ["creationTimestamp"] = ResourceOperations.Timestamp(expires - TimeSpan.FromSeconds(seconds)) },
            ["spec"] = new JsonObject
            {
                ["audiences"] = new JsonArray([.. audiences.Select(JsonNode (a) => JsonValue.Create(a))]),
                ["expirationSeconds"] = seconds,
                ["boundObjectRef"] = request["spec"]?["boundObjectRef"]?.DeepClone(),
            },
            ["status"] = new JsonObject { ["token"] = token, ["expirationTimestamp"] = ResourceOperations.Timestamp(expires) },
        });
    }
}
