using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using Godwit.Machinery;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Godwit.Monitoring;

/// <summary>
/// A component's HTTPS server for <c>/metrics</c>, <c>/healthz</c> and <c>/readyz</c>. As KubeVirt's it asks no caller who it is.
/// The component works without it: what keeps it from listening is told and tried again.
/// </summary>
public sealed partial class MonitoringServer(MonitoringOptions options, MetricRegistry metrics, ILoggerFactory loggers, TimeProvider clock)
{
    private static readonly TimeSpan Retry = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan OwnValidity = TimeSpan.FromDays(3650);

    private readonly ILogger _logger = loggers.CreateLogger("Godwit.Monitoring");
    private readonly Lazy<X509Certificate2> _own = new(() => MakeOwn(options.Component, clock));

    /// <summary>Serves until cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                var listen = await options.Listen(cancellationToken);
                await using var app = Build(listen);
                await app.StartAsync(cancellationToken);
                var address = new Uri(app.Services.GetRequiredService<IServer>().Features.GetRequiredFeature<IServerAddressesFeature>().Addresses.First());
                var endpoint = new IPEndPoint(listen.Address, address.Port);
                if (options.Started is { } started)
                {
                    await started(endpoint, cancellationToken);
                }

                LogServing(_logger, options.Component, endpoint);
                try
                {
                    await Task.Delay(Timeout.InfiniteTimeSpan, clock, cancellationToken);
                }
                finally
                {
                    await app.StopAsync(CancellationToken.None);
                }
            }
            catch (Exception e) when (e is ApiException or IOException or SocketException)
            {
                LogFailed(_logger, options.Component, e.Message);
                await Task.Delay(Retry, clock, cancellationToken);
            }
        }
    }

    private WebApplication Build(IPEndPoint listen)
    {
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { Args = [] });
        builder.Services.Replace(ServiceDescriptor.Singleton(loggers));
        builder.Services.AddSingleton<IHostLifetime, EmbeddedLifetime>();
        builder.Services.Configure<HostOptions>(static host => host.ShutdownTimeout = TimeSpan.FromSeconds(1));
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = 0;
            kestrel.Listen(listen, at => at.UseHttps(https => https.ServerCertificateSelector = (_, _) => options.Certificate() ?? _own.Value));
        });
        var app = builder.Build();
        MonitoringEndpoints.Map(app, metrics, options.Lacking);
        return app;
    }

    /// <summary>Probes, which check no certificate, must not wait for virt-api.</summary>
    private static X509Certificate2 MakeOwn(string component, TimeProvider clock)
    {
        using var authority = CertificateAuthority.Create($"{component} itself", OwnValidity, clock);
        return authority.Issue(new LeafRequest(component) { DnsNames = [component], Server = true, Validity = OwnValidity }).Load();
    }

    [LoggerMessage(140, LogLevel.Information, "{Component} serves /metrics, /healthz and /readyz on {Endpoint}")]
    private static partial void LogServing(ILogger logger, string component, IPEndPoint endpoint);

    [LoggerMessage(141, LogLevel.Warning, "/metrics and /readyz of {Component} cannot be served: {Error}; trying again")]
    private static partial void LogFailed(ILogger logger, string component, string error);
}
