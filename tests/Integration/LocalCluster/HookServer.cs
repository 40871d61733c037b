using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;
using Godwit.Machinery;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection;

namespace Godwit.Integration.LocalCluster;

/// <summary>An HTTPS server that answers as admission webhook, and as an aggregated API that shows who asked.</summary>
internal sealed class HookServer : IAsyncDisposable
{
    private readonly CertificateAuthority _authority = CertificateAuthority.Create("hooks", TimeSpan.FromHours(2));
    private readonly X509Certificate2 _certificate;
    private readonly WebApplication _app;

    private HookServer(string serviceName)
    {
        _certificate = _authority.Issue(new LeafRequest("hook") { DnsNames = ["localhost", serviceName], IpAddresses = [System.Net.IPAddress.Loopback], Server = true, Validity = TimeSpan.FromHours(1) }).Load();
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration().ConfigureKestrel(k => k.Listen(System.Net.IPAddress.Loopback, 0, l => l.UseHttps(new HttpsConnectionAdapterOptions
        {
            ServerCertificate = _certificate,
            ClientCertificateMode = ClientCertificateMode.AllowCertificate,
            ClientCertificateValidation = (_, _, _) => true,
        })));
        _app = builder.Build();
        _app.Run(AnswerAsync);
    }

    /// <summary>The reviews that were asked for.</summary>
    public List<JsonObject> Reviews { get; } = [];

    public string CaBundle => Convert.ToBase64String(Encoding.UTF8.GetBytes(_authority.CertificatePem));

    public int Port => new Uri(_app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First()).Port;

    public static async Task<HookServer> StartAsync(string serviceName)
    {
        var server = new HookServer(serviceName);
        await server._app.StartAsync();
        return server;
    }

    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        _certificate.Dispose();
        _authority.Dispose();
    }

    private async Task AnswerAsync(HttpContext context)
    {
        var path = context.Request.Path.Value!;
        if (path.StartsWith("/apis/", StringComparison.Ordinal))
        {
            await context.Response.WriteAsJsonAsync(path == "/apis/agg.example/v1" ? Discovery() : Who(context));
            return;
        }

        var review = (JsonObject)(await JsonNode.ParseAsync(context.Request.Body))!;
        Reviews.Add(review);
        var request = review["request"]!;
        var response = new JsonObject { ["uid"] = request["uid"]!.DeepClone(), ["allowed"] = true };
        var name = (string?)request["name"] ?? "";
        if (name.StartsWith("deny", StringComparison.Ordinal) || request["object"]?["metadata"]?["labels"]?["deny"] is not null)
        {
            response["allowed"] = false;
            response["status"] = new JsonObject { ["code"] = 422, ["reason"] = "Invalid", ["message"] = "the webhook says no" };
        }
        else if (name.StartsWith("warn", StringComparison.Ordinal))
        {
            response["warnings"] = new JsonArray("the webhook warns");
        }
        else if (path == "/mutate")
        {
            response["patchType"] = "JSONPatch";
            response["patch"] = Convert.ToBase64String("""[{"op":"add","path":"/metadata/labels","value":{"mutated":"yes"}}]"""u8);
        }

        await context.Response.WriteAsJsonAsync(new JsonObject { ["apiVersion"] = "admission.k8s.io/v1", ["kind"] = "AdmissionReview", ["response"] = response });
    }

    private static JsonObject Discovery() => new()
    {
        ["kind"] = "APIResourceList",
        ["groupVersion"] = "agg.example/v1",
        ["resources"] = new JsonArray(new JsonObject { ["name"] = "whos", ["singularName"] = "who", ["namespaced"] = true, ["kind"] = "Who", ["verbs"] = new JsonArray("get", "list") }),
    };

    private static JsonObject Who(HttpContext context) => new()
    {
        ["apiVersion"] = "agg.example/v1",
        ["kind"] = "Who",
        ["metadata"] = new JsonObject { ["name"] = "you" },
        ["user"] = context.Request.Headers["X-Remote-User"].ToString(),
        ["groups"] = context.Request.Headers["X-Remote-Group"].ToString(),
        ["proxy"] = context.Connection.ClientCertificate?.Subject,
        ["authorization"] = context.Request.Headers.Authorization.ToString(),
    };
}
