using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.Json.Nodes;
using Godwit.LocalCluster.ApiServer.Admission;
using Godwit.LocalCluster.ApiServer.Errors;
using Godwit.LocalCluster.ApiServer.Resources;
using Godwit.LocalCluster.Services;
using Godwit.LocalCluster.Store;
using Godwit.Machinery;

namespace Godwit.LocalCluster.Admission;

/// <summary>Asks a hook, and turns its refusal into the error that the client sees.</summary>
internal sealed class WebhookCaller(ServiceTransport transport, TimeProvider time)
{
    private const int MaxAnswer = 3 * 1024 * 1024;

    /// <summary>The hook's response when it allows the request; null when it could not be asked and that is to be passed over.</summary>
    public async Task<JsonObject?> AskAsync(Webhook hook, AdmissionRequest request, ResourceVersionInfo version, CancellationToken cancellationToken)
    {
        if (request.DryRun && !hook.SupportsDryRun)
        {
            throw ApiErrors.BadRequest($"admission webhook \"{hook.Name}\" does not support dry run");
        }

        JsonObject response;
        var uid = Guid.NewGuid().ToString();
        var url = WithTimeout(hook);
        try
        {
            var answer = await PostAsync(hook, url, AdmissionReview.Request(request, version, uid), cancellationToken);
            response = Read(answer, uid);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            throw;
        }
        catch (Exception e) when (e is HttpRequestException or IOException or OperationCanceledException or JsonException or FormatException)
        {
            return hook.IgnoresFailure ? null : throw ApiErrors.Internal($"failed calling webhook \"{hook.Name}\": {Explain(e, url)}");
        }

        foreach (var warning in (response["warnings"] as JsonArray ?? []).Select(w => w.Text()).OfType<string>())
        {
            request.Warnings.Add(warning);
        }

        return response.Flag("allowed") == true ? response : throw Denied(hook, response["status"]);
    }

    /// <summary>The refusal in the words of a Kubernetes API server; the hook's code is kept when it is an error.</summary>
    public static StatusException Denied(Webhook hook, JsonNode? status)
    {
        var prefix = $"admission webhook \"{hook.Name}\" denied the request";
        var reason = status.Text("reason") ?? "";
        var message = status.Text("message") is { Length: > 0 } text ? $"{prefix}: {text}"
            : reason.Length > 0 ? $"{prefix}: {reason}"
            : $"{prefix} without explanation";
        var code = (int)(status.Integer("code") ?? 0);
        return new StatusException(code < 400 ? 400 : code, reason, message, status.At("details")?.DeepClone() as JsonObject)
        {
            RetryAfterSeconds = (int?)status.Integer("details", "retryAfterSeconds"),
        };
    }

    private async Task<JsonObject> PostAsync(Webhook hook, Uri url, JsonObject admission, CancellationToken cancellationToken)
    {
        using var deadline = new CancellationTokenSource(hook.Timeout, time);
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellationToken);
        var review = new JsonObject { ["kind"] = "AdmissionReview", ["apiVersion"] = "admission.k8s.io/v1", ["request"] = admission };
        using var message = new HttpRequestMessage(HttpMethod.Post, url)
        {
            Version = System.Net.HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionOrLower,
            Content = new ByteArrayContent(ObjectCodec.ToBytes(review)) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } },
        };
        message.Headers.Accept.ParseAdd("application/json");
        using var answer = await transport.Pool(hook.CaBundle).SendAsync(message, linked.Token);
        if (!answer.IsSuccessStatusCode)
        {
            throw new HttpRequestException($"the server responded with {(int)answer.StatusCode} {answer.ReasonPhrase}");
        }

        await answer.Content.LoadIntoBufferAsync(MaxAnswer, linked.Token);
        return JsonNode.Parse(await answer.Content.ReadAsByteArrayAsync(linked.Token)) as JsonObject
            ?? throw new FormatException("the answer is not an object");
    }

    private static JsonObject Read(JsonObject review, string uid)
    {
        if (review.Text("kind") != "AdmissionReview" || review.Text("apiVersion") != "admission.k8s.io/v1")
        {
            throw new FormatException($"expected webhook response of admission.k8s.io/v1, Kind=AdmissionReview, got {review.Text("apiVersion")}, Kind={review.Text("kind")}");
        }

        if (review["response"] is not JsonObject response)
        {
            throw new FormatException("webhook response was absent");
        }

        return response.Text("uid") == uid ? response : throw new FormatException($"expected response.uid=\"{uid}\", got \"{response.Text("uid")}\"");
    }

    private static Uri WithTimeout(Webhook hook) =>
        new UriBuilder(hook.Url) { Query = $"{hook.Url.Query.TrimStart('?')}{(hook.Url.Query.Length > 1 ? "&" : "")}timeout={(int)hook.Timeout.TotalSeconds}s" }.Uri;

    private static string Explain(Exception e, Uri url)
    {
        var cause = e switch
        {
            OperationCanceledException => "context deadline exceeded",
            HttpRequestException { InnerException: { } inner } => inner.Message,
            _ => e.Message,
        };
        return e is JsonException or FormatException ? cause : $"failed to call webhook: Post \"{url.OriginalString}\": {cause}";
    }
}
