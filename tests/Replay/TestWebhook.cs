using System.Net;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;

namespace Godwit.Replay;

/// <summary>The webhook of the recording: it answers each review as it was answered then.</summary>
internal static class TestWebhook
{
    private const int Port = 18443;

    public static async Task<IAsyncDisposable> StartAsync(X509Certificate2 certificate, IReadOnlyList<JsonNode> recorded)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ApplicationName = "webhook" });
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration().ConfigureKestrel(o => o.Listen(IPAddress.Loopback, Port, l =>
        {
            l.Protocols = HttpProtocols.Http1AndHttp2;
            l.UseHttps(certificate);
        }));
        builder.Services.AddRoutingCore();
        var web = builder.Build();
        web.Run(http => AnswerAsync(http, recorded));
        try
        {
            await web.StartAsync();
        }
        catch (IOException e)
        {
            throw new ReplayException($"port {Port}, which the recorded webhook listens on, is not free: {e.Message}");
        }

        return web;
    }

    private static async Task AnswerAsync(HttpContext http, IReadOnlyList<JsonNode> recorded)
    {
        var review = (await JsonNode.ParseAsync(http.Request.Body, cancellationToken: http.RequestAborted))!;
        var request = review["request"]!;
        var answer = recorded.FirstOrDefault(r =>
            Same(request, r["review"]!["request"]!, "name") && Same(request, r["review"]!["request"]!, "operation")
            && r["path"]!.GetValue<string>().Split('?')[0] == http.Request.Path.Value)?["response"]?.DeepClone()
            ?? new JsonObject { ["allowed"] = true };
        answer["uid"] = request["uid"]!.GetValue<string>();
        await http.Response.WriteAsJsonAsync(
            new JsonObject { ["apiVersion"] = "admission.k8s.io/v1", ["kind"] = "AdmissionReview", ["response"] = answer },
            http.RequestAborted);
    }

    private static bool Same(JsonNode a, JsonNode b, string field) => a[field]?.ToJsonString() == b[field]?.ToJsonString();
}
