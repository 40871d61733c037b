using System.Text.Json.Nodes;
using Godwit.LocalCluster.ApiServer.Admission;
using Godwit.LocalCluster.ApiServer.Errors;
using Godwit.LocalCluster.ApiServer.Http;
using Godwit.LocalCluster.ApiServer.Writing;
using Godwit.LocalCluster.Authorization;
using Microsoft.AspNetCore.Http;

namespace Godwit.LocalCluster.ApiServer.Subresources;

/// <summary>Kinds that are questions: who am I, may I, is this token good.</summary>
internal sealed class ReviewHandler(ServiceAccountTokens tokens, Authorizer authorizer, TimeProvider time)
{
    public async Task HandleAsync(ApiRequest call)
    {
        var kind = call.Target.Resource.Kind;
        var options = call.WriteOptions("CreateOptions");
        var review = await RequestBody.ReadObjectAsync(call.Http, kind, []);
        Decoding.CheckKind(call.Target, review);
        Decoding.Decode(call.Target, review, options);
        foreach (var name in (string[])["creationTimestamp", "generation", "resourceVersion", "uid"])
        {
            // Some clients write down that they know none.
            Decoding.Metadata(review).Remove(name);
        }

        ResponseWriter.Warn(call.Http, options.Warnings);
        review.Remove("status");
        switch (kind)
        {
            case "SelfSubjectReview":
                review["metadata"] = new JsonObject { ["creationTimestamp"] = Now() };
                review["status"] = new JsonObject { ["userInfo"] = Describe(call.User) };
                break;
            case "SelfSubjectRulesReview":
                review["status"] = AccessReviews.Rules(authorizer.Current, call.User, review);
                review["spec"] = new JsonObject();
                break;
            default:
                UpdateTracking.Track(null, review, call.Target, options.FieldManager, Now());
                review["status"] = kind == "TokenReview"
                    ? ReviewToken(review)
                    : AccessReviews.Answer(authorizer.Current, call.User, kind, call.Target.Namespace, review);
                break;
        }

        await ResponseWriter.NodeAsync(call.Http, StatusCodes.Status201Created, review);
    }

    private string Now() => ResourceOperations.Timestamp(time.GetUtcNow());

    private JsonObject ReviewToken(JsonObject review)
    {
        var token = ResourceOperations.Text(review, "spec", "token");
        if (token.Length == 0)
        {
            throw ApiErrors.BadRequest("token is required for TokenReview in authentication");
        }

        var wanted = (review["spec"]?["audiences"] as JsonArray ?? []).OfType<JsonValue>().Select(static a => a.GetValue<string>()).DefaultIfEmpty(ServiceAccountTokens.DefaultAudience).ToList();
        return tokens.Authenticate(token, wanted) is { } found
            ? new JsonObject
            {
                ["authenticated"] = true,
                ["user"] = Describe(found.User),
                ["audiences"] = new JsonArray([.. found.Audiences.Select(JsonNode (a) => JsonValue.Create(a))]),
            }
            : new JsonObject { ["authenticated"] = false, ["user"] = new JsonObject(), ["error"] = "invalid bearer token" };
    }

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
