using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using Godwit.Machinery;
using Godwit.Monitoring;
using Godwit.Types;
using Godwit.VirtApi.Admission;
using Godwit.VirtApi.Serving;
using Godwit.VirtApi.Subresources;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Godwit.VirtApi;

/// <summary>virt-api: the admission webhooks and the subresources, on one HTTPS server.</summary>
public static partial class VirtApiServer
{
    private static readonly ResourceKind[] TrustingKinds =
    [
        new("admissionregistration.k8s.io", "v1", "mutatingwebhookconfigurations", "MutatingWebhookConfiguration", Namespaced: false),
        new("admissionregistration.k8s.io", "v1", "validatingwebhookconfigurations", "ValidatingWebhookConfiguration", Namespaced: false),
        Kinds.ApiService,
    ];

    /// <summary>Serves until cancelled; throws when a part of it dies.</summary>
    public static async Task RunAsync(VirtApiOptions options, ApiClient api, ILoggerFactory logs, TimeProvider clock, CancellationToken ct)
    {
        var logger = logs.CreateLogger("Godwit.VirtApi");
        using var certificates = new ServingCertificates(api, options.CertificateSecret, options.Service, logger, clock);
        await certificates.StartAsync(ct);
        var injectors = TrustingKinds
            .Select(kind => new TrustInjector(api, kind, options.Service, certificates, logger, clock))
            .ToArray();
        var components = new ComponentCertificates(api, certificates, logger, clock);
        certificates.IsTrusted = () => components.IsPublished && Array.TrueForAll(injectors, static injector => injector.IsInPlace);
        certificates.Changed = () =>
        {
            Array.ForEach(injectors, static injector => injector.Refresh());
            components.Refresh();
        };
        await using var app = Build(options, api, certificates, logs, logger, clock);
        await app.StartAsync(ct);
        try
        {
            await TaskGroup.RunAsync(
                ct,
                [
                    certificates.RunAsync,
                    components.RunAsync,
                    token => AnnounceAsync(app, options, injectors, logger, clock, token),
                    .. injectors.Select(injector => (Func<CancellationToken, Task>)injector.RunAsync),
                ]);
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            // Told to stop.
        }
        finally
        {
            using var grace = new CancellationTokenSource(TimeSpan.FromSeconds(5), clock);
            await app.StopAsync(grace.Token);
        }
    }

    private static WebApplication Build(
        VirtApiOptions options, ApiClient api, ServingCertificates certificates, ILoggerFactory logs, ILogger logger, TimeProvider clock)
    {
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { Args = [] });
        builder.Services.Replace(ServiceDescriptor.Singleton(logs));
        builder.Services.AddSingleton<IHostLifetime, EmbeddedLifetime>();
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Listen(options.Listen, listen => listen.UseHttps(https =>
            {
                https.ServerCertificateSelector = (_, _) => certificates.Current;
                // Webhooks need none; whoever shows one is judged by what it asks for.
                https.ClientCertificateMode = ClientCertificateMode.AllowCertificate;
                https.ClientCertificateValidation = static (_, _, _) => true;
            }));
        });
        var app = builder.Build();
        var metrics = api.Metrics ?? new MetricRegistry(MonitoringNames.Prefix);
        ApiMetrics.Register(metrics);
        // Whoever answers here has its certificate, and so all that it needs.
        MonitoringEndpoints.Map(app, metrics, static () => null);
        app.UseWebSockets(new WebSocketOptions { KeepAliveInterval = TimeSpan.FromSeconds(30) });
        new SubresourceEndpoints(api, options, certificates, logger, clock).Map(app);
        var webhooks = new Webhooks(api, new ClusterFacts(api, logger), clock);
        foreach (var (path, webhook) in webhooks.ByPath)
        {
            app.MapPost(path, context => ReviewAsync(context, path, webhook, logger));
        }

        return app;
    }

    private static async Task ReviewAsync(
        HttpContext context, string path, Func<AdmissionRequest, CancellationToken, Task<AdmissionVerdict>> webhook, ILogger logger)
    {
        AdmissionRequest request;
        try
        {
            request = AdmissionRequest.Read(await JsonNode.ParseAsync(
                context.Request.Body, documentOptions: new JsonDocumentOptions { MaxDepth = 512, AllowDuplicateProperties = false }, cancellationToken: context.RequestAborted));
        }
        catch (Exception e) when (e is JsonException or FormatException or InvalidOperationException)
        {
            context.Response.StatusCode = StatusCodes.Status400BadRequest;
            await context.Response.WriteAsync(e.Message, context.RequestAborted);
            return;
        }

        AdmissionVerdict verdict;
        try
        {
            verdict = await webhook(request, context.RequestAborted);
        }
        catch (ApiException e)
        {
            LogFailed(logger, path, request.Key, e.Message);
            verdict = AdmissionVerdict.Failed($"virt-api could not find out what the answer depends on: {e.Message}");
        }
        catch (FormatException e)
        {
            verdict = AdmissionVerdict.BadRequest(e.Message);
        }

        if (!verdict.IsAllowed)
        {
            LogRefused(logger, path, request.Operation, request.Key, request.Username, verdict.Message);
        }

        context.Response.ContentType = "application/json";
        await context.Response.WriteAsync(verdict.ToReview(request).ToJsonString(), context.RequestAborted);
    }

    private static async Task AnnounceAsync(
        WebApplication app, VirtApiOptions options, IReadOnlyList<TrustInjector> injectors, ILogger logger, TimeProvider clock, CancellationToken ct)
    {
        foreach (var injector in injectors)
        {
            var backoff = new Backoff(TimeSpan.FromMilliseconds(50), TimeSpan.FromSeconds(2));
            while (true)
            {
                try
                {
                    await injector.WaitAsync(ct);
                    break;
                }
                catch (ApiException)
                {
                    // The injector's own loop works on it and says what is wrong.
                    await backoff.WaitAsync(clock, ct);
                }
            }
        }

        var address = new Uri(app.Services.GetRequiredService<IServer>().Features.GetRequiredFeature<IServerAddressesFeature>().Addresses.First());
        var endpoint = new IPEndPoint(options.Listen.Address, address.Port);
        LogReady(logger, endpoint);
        options.Ready?.Invoke(endpoint);
    }

    [LoggerMessage(301, LogLevel.Information, "virt-api serves on {Endpoint}, and the API server trusts it")]
    private static partial void LogReady(ILogger logger, IPEndPoint endpoint);

    [LoggerMessage(302, LogLevel.Information, "{Path} refused {Operation} of {Key} by {User}: {Message}")]
    private static partial void LogRefused(ILogger logger, string path, string operation, NamespacedName key, string user, string message);

    [LoggerMessage(303, LogLevel.Warning, "{Path} cannot judge {Key}: {Error}")]
    private static partial void LogFailed(ILogger logger, string path, NamespacedName key, string error);
}
