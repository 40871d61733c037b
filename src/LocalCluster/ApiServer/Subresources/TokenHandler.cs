using System.Globalization;
using System.Text.Json.Nodes;
using Godwit.LocalCluster.ApiServer.Errors;
using Godwit.LocalCluster.ApiServer.Http;
using Godwit.LocalCluster.ApiServer.Writing;
using Godwit.LocalCluster.Schema;
using Godwit.Machinery;
using Microsoft.AspNetCore.Http;

namespace Godwit.LocalCluster.ApiServer.Subresources;

/// <summary>serviceaccounts/token: makes a bearer token for an account.</summary>
internal sealed class TokenHandler(ResourceOperations operations, ServiceAccountTokens tokens)
{
    private const string Group = "authentication.k8s.io";
    private const string Kind = "TokenRequest";
    private const long MinSeconds = 600;
    private const long DefaultSeconds = 3600;
    private const long MaxSeconds = 1L << 32;

    public async Task HandleAsync(ApiRequest call)
    {
        var target = call.Target;
        var account = operations.Get(target with { Subresource = null });
        var request = await RequestBody.ReadObjectAsync(call.Http, Kind, []);
        var seconds = request.Integer("spec", "expirationSeconds") ?? DefaultSeconds;
        if (seconds is < MinSeconds or > MaxSeconds)
        {
            var problem = seconds < MinSeconds ? "may not specify a duration less than 10 minutes" : "may not specify a duration larger than 2^32 seconds";
            throw ApiErrors.Invalid(Group, Kind, "", [FieldError.Invalid("spec.expirationSeconds", seconds.ToString(CultureInfo.InvariantCulture), problem)]);
        }

        var asked = (request.At("spec", "audiences") as JsonArray ?? []).Select(static a => a.Text() ?? "").ToList();
        List<string> audiences = asked.Count == 0 ? [ServiceAccountTokens.DefaultAudience] : asked;
        var binding = Binding(target, request.At("spec", "boundObjectRef"));
        var (token, expires) = tokens.Issue(target.Namespace, target.Name, account.Uid(), audiences, TimeSpan.FromSeconds(seconds), binding);
        var created = ResourceOperations.Timestamp(expires - TimeSpan.FromSeconds(seconds));
        var answer = new JsonObject
        {
            ["kind"] = Kind,
            ["apiVersion"] = $"{Group}/v1",
            ["metadata"] = new JsonObject { ["name"] = target.Name, ["namespace"] = target.Namespace, ["uid"] = account.Uid(), ["creationTimestamp"] = created },
            ["spec"] = new JsonObject
            {
                ["audiences"] = new JsonArray([.. audiences.Select(JsonNode (a) => JsonValue.Create(a))]),
                ["expirationSeconds"] = seconds,
                ["boundObjectRef"] = request.At("spec", "boundObjectRef")?.DeepClone(),
            },
            ["status"] = new JsonObject { ["token"] = token, ["expirationTimestamp"] = ResourceOperations.Timestamp(expires) },
        };
        Track(answer, asked.Count > 0, call.WriteOptions("CreateOptions").FieldManager, created);
        await ResponseWriter.NodeAsync(call.Http, StatusCodes.Status201Created, answer);
    }

    /// <summary>The object that a token is to end with; refused unless it is there and goes with the account.</summary>
    private TokenBinding? Binding(ResourceTarget account, JsonNode? reference)
    {
        if (reference is null)
        {
            return null;
        }

        var (version, kind, name) = (reference.Text("apiVersion") ?? "", reference.Text("kind") ?? "", reference.Text("name") ?? "");
        var (resource, ns) = (version, kind) switch
        {
            ("v1", "Pod") => ("pods", account.Namespace),
            ("v1", "Secret") => ("secrets", account.Namespace),
            ("v1", "Node") => ("nodes", ""),
            _ => throw ApiErrors.BadRequest($"cannot bind token for serviceaccount \"{account.Name}\" to an object of type {version}, Kind={kind}"),
        };
        var found = operations.Get(operations.Target(resource, ns, name));
        var uid = found.Uid();
        if (reference.Text("uid") is { Length: > 0 } wanted && wanted != uid)
        {
            throw ApiErrors.Conflict("", resource, name,
                $"the UID in the bound object reference ({wanted}) does not match the UID in record. The object might have been deleted and then recreated");
        }

        var binding = new TokenBinding(kind.ToLowerInvariant(), name, uid);
        if (resource != "pods")
        {
            return binding;
        }

        if (found.Text("spec", "serviceAccountName") is { Length: > 0 } own && own != account.Name)
        {
            throw ApiErrors.BadRequest($"cannot bind token for serviceaccount \"{account.Name}\" to pod running with different serviceaccount name.");
        }

        return found.Text("spec", "nodeName") is { Length: > 0 } node
            ? binding with { Node = new TokenBinding("node", node, operations.Find("nodes", "", node)?.Uid() ?? "") }
            : binding;
    }

    /// <summary>Who asked for what, as for every write. The audiences that the server filled in are nobody's.</summary>
    private void Track(JsonObject answer, bool audiences, string manager, string now)
    {
        var target = operations.Target("serviceaccounts", "", "", "token");
        var kind = target.Resource with { Group = Group, Kind = Kind };
        var version = target.Version with { Schema = BuiltInSchemas.Provider($"{Group}/v1", Kind), HasStatus = true };
        var sent = answer.Clone();
        sent.Remove("status");
        if (!audiences)
        {
            ((JsonObject)sent["spec"]!).Remove("audiences");
        }

        UpdateTracking.Track(null, sent, target with { Resource = kind, Version = version }, manager, now);
        answer["metadata"]!["managedFields"] = sent["metadata"]!["managedFields"]?.DeepClone();
    }
}
