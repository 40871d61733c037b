using System.Text.Json.Nodes;
using Godwit.LocalCluster.ApiServer.Admission;
using Godwit.LocalCluster.ApiServer.Http;
using Microsoft.AspNetCore.Http;

namespace Godwit.LocalCluster.ApiServer.Subresources;

/// <summary>Kinds that are questions: who am I, may I, is this token good. Who is authenticated may do everything, for now.</summary>
internal sealed class ReviewHandler(ServiceAccountTokens tokens, TimeProvider time)
{
    public async Task HandleAsync(ApiRequest call)
    {
        var review = await RequestBody.ReadObjectAsync(call.Http, call.Target.Resource.Kind, []);
        Writing.Decoding.CheckKind(call.Target, review);
        review["metadata"] ??= new JsonObject();
        review["status"] = call.Target.Resource.Kind switch
        {
            "SelfSubjectReview" => new JsonObject { ["userInfo"] = Describe(call.User) },
            "TokenReview" => ReviewToken(ResourceOperations.Text(review, "spec", "token")),
            "SelfSubjectRulesReview" => new JsonObject
            {
                ["resourceRules"] = new JsonArray(new JsonObject { ["verbs"] = new JsonArray("*"), ["apiGroups"] = new JsonArray("*"), ["resources"] = new JsonArray("*") }),
                ["nonResourceRules"] = new JsonArray(new JsonObject { ["verbs"] = new JsonArray("*"), ["nonResourceURLs"] = new JsonArray("*") }),
                ["incomplete"] = false,
            },
            _ => new JsonObject { ["allowed"] = true },
        };
        if (call.Target.Resource.Kind == "SelfSubjectReview")
        {
            review["metadata"] = new JsonObject { ["creationTimestamp"] = ResourceOperations.Timestamp(time.GetUtcNow()) };
        }

        await ResponseWriter.NodeAsync(call.Http, StatusCodes.Status201Created, review);
    }

    private JsonObject ReviewToken(string token) => tokens.Authenticate(token) is { } user
        ? new JsonObject { ["authenticated"] = true, ["user"] = Describe(user), ["audiences"] = new JsonArray(ServiceAccountTokens.DefaultAudience) }
        : new JsonObject { ["authenticated"] = false, ["error"] = "invalid bearer token" };

    private static JsonObject Describe(UserInfo user)
    {
        var info = new JsonObject { ["username"] = user.Name };
        if (user.Uid.Length > 0)
        {
            info["uid"] = user.Uid;
        }

        info["groups"] = new JsonArray([.. user.Groups.Select(JsonNode (g) => JsonValue.Create(g))]);
        if (user.Extra.Count > 0)
        {
            var extra = new JsonObject();
            foreach (var (name, values) in user.Extra)
            {
                extra[name] = new JsonArray([.. values.Select(JsonNode (v) => JsonValue.Create(v))]);
            }

            info["extra"] = extra;
        }

        return info;
    }
}
