using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Godwit.LocalCluster.Admission;
using Godwit.LocalCluster.Aggregation;
using Godwit.LocalCluster.ApiServer.BuiltIn;
using Godwit.LocalCluster.ApiServer.BuiltIn.Strategies;
using Godwit.LocalCluster.ApiServer.Discovery;
using Godwit.LocalCluster.ApiServer.Hosting;
using Godwit.LocalCluster.ApiServer.Http;
using Godwit.LocalCluster.ApiServer.Reading;
using Godwit.LocalCluster.ApiServer.Resources;
using Godwit.LocalCluster.ApiServer.Subresources;
using Godwit.LocalCluster.ApiServer.Writing;
using Godwit.LocalCluster.Authorization;
using Godwit.LocalCluster.Crd;
using Godwit.LocalCluster.OpenApi;
using Godwit.LocalCluster.Pki;
using Godwit.LocalCluster.Services;
using Godwit.LocalCluster.Store;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Godwit.LocalCluster.ApiServer;

/// <summary>A running API server: store, registry, Kestrel with TLS and client certificates.</summary>
public sealed class ApiServerHost : IAsyncDisposable
{
    private readonly CancellationTokenSource _stopping = new();
    private readonly ClusterPki _pki;
    private readonly ECDsa _tokenKey;
    private readonly X509Certificate2 _certificate;
    private readonly X509Certificate2 _frontProxy;
    private readonly ServiceTransport _hooks;
    private readonly ServiceTransport _proxied;
    private readonly ILoggerFactory _loggers;
    private readonly List<Task> _background = [];
    private WebApplication? _web;
    private bool _ready;

    private ApiServerHost(ApiServerOptions options, ClusterPki pki, ObjectStore store, ILoggerFactory loggers)
    {
        Options = options;
        Store = store;
        PodLogs = options.PodLogs;
        _pki = pki;
        _loggers = loggers;
        _tokenKey = pki.ServiceAccountKey();
        _certificate = pki.Server(["localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc.cluster.local"], ServingAddresses(options));
        var resolver = new ServiceResolver(store);
        _hooks = new ServiceTransport(resolver);
        _frontProxy = pki.Client("front-proxy-client", "front-proxy-client", []).Load();
        _proxied = new ServiceTransport(resolver, _frontProxy);
        Aggregator = new ApiServiceAggregator(store, _proxied);
        Authorizer = new Authorizer(store);
        Operations = new ResourceOperations(Registry, store, [.. options.Admission, .. AdmissionChain.Standard(store, Registry, _hooks, options.Time)], options.Time);
    }

    public ApiServerOptions Options { get; }

    public ObjectStore Store { get; }

    public ResourceRegistry Registry { get; } = new();

    public ResourceOperations Operations { get; }

    /// <summary>Group versions that other servers answer for.</summary>
    public ApiServiceAggregator Aggregator { get; }

    /// <summary>Who may do what.</summary>
    public Authorizer Authorizer { get; }

    /// <summary>Set by the kubelets when they run.</summary>
    public Kubelet.IPodLogs? PodLogs { get; set; }

    /// <summary>The cluster's keys, for kubeconfigs of components.</summary>
    public ClusterPki Pki => _pki;

    /// <summary><c>https://127.0.0.1:port</c>.</summary>
    public Uri Address { get; private set; } = new("https://127.0.0.1:0");

    /// <summary>Ends with the error of a part that failed; a server that goes on without it would be a lie.</summary>
    public Task Failure => Task.WhenAny([Store.Failure, .. _background]).Unwrap();

    /// <summary>Opens the store, makes what is missing (keys, namespaces) and listens. The registry can be extended before or after.</summary>
    public static async Task<ApiServerHost> StartAsync(ApiServerOptions options, ILoggerFactory loggers, CancellationToken cancellationToken)
    {
        CheckWritable(options.StateDirectory);
        var pki = ClusterPki.Open(Path.Combine(options.StateDirectory, "pki"), options.Time);
        ApiServerHost? host = null;
        try
        {
            var store = new ObjectStore(Path.Combine(options.StateDirectory, "store", "state.db"));
            host = new ApiServerHost(options, pki, store, loggers);
            await host.ListenAsync(cancellationToken);
            return host;
        }
        catch when (host is not null)
        {
            await host.DisposeAsync();
            throw;
        }
        catch
        {
            pki.Dispose();
            throw;
        }
    }

    /// <summary>Writes a kubeconfig with a client certificate for this user.</summary>
    public void WriteKubeconfig(string path, string file, string user, IReadOnlyList<string> groups) =>
        KubeconfigFile.Write(path, Options.ClusterName, Address, _pki.CaPem, file, _pki.Client(file, user, groups));

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        if (_web is not null)
        {
            await _web.StopAsync(CancellationToken.None);
            await _web.DisposeAsync();
        }

        await Task.WhenAll(_background).ContinueWith(static _ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        Store.Dispose();
        _tokenKey.Dispose();
        _hooks.Dispose();
        _proxied.Dispose();
        _frontProxy.Dispose();
        _certificate.Dispose();
        _pki.Dispose();
        _stopping.Dispose();
    }

    private async Task ListenAsync(CancellationToken cancellationToken)
    {
        var addresses = new ServiceAddresses(Options.ServiceCidr);
        addresses.Load(Store.Snapshot);
        var nodePorts = new NodePorts();
        nodePorts.Load(Store.Snapshot);
        foreach (var resource in BuiltInResources.All(new ServiceStrategy(addresses, nodePorts), new CrdStrategy(Registry), Authorizer))
        {
            Registry.Set(resource);
        }

        foreach (var definition in Store.Snapshot.List(CustomResources.Definitions))
        {
            CustomResources.Sync(Registry, definition.ToJsonObject());
        }

        await BootstrapReconciler.ApplyAsync(Operations, cancellationToken);
        _web = Build();
        try
        {
            await _web.StartAsync(cancellationToken);
        }
        catch (IOException e) when (e.InnerException is Microsoft.AspNetCore.Connections.AddressInUseException or SocketException)
        {
            throw new IOException($"port {Options.Port} cannot be listened on: {e.InnerException.Message}; end what uses it, or choose another port", e);
        }

        var bound = _web.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
        Address = new Uri($"https://127.0.0.1:{new Uri(bound).Port}");
        var reached = new IPEndPoint(Options.ExtraAddresses is [var first, ..] ? first : IPAddress.Loopback, Address.Port);
        var defaults = new ClusterDefaults(Operations, _pki.CaPem, addresses.First, reached, _loggers.CreateLogger<ClusterDefaults>());
        await defaults.CreateAsync(cancellationToken);
        WriteKubeconfig(Path.Combine(Options.StateDirectory, "kubeconfig"), "admin", "kubernetes-admin", ["system:masters"]);
        _background.Add(defaults.RunAsync(_stopping.Token));
        _background.Add(new Housekeeping(Operations, Options.HistoryKept, Options.Time, _loggers.CreateLogger<Housekeeping>()).RunAsync(_stopping.Token));
        Volatile.Write(ref _ready, true);
    }

    private WebApplication Build()
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ApplicationName = "apiserver" });
        builder.Services.AddSingleton<ILoggerFactory>(new ServerLoggers(_loggers));
        builder.Services.AddSingleton<IHostLifetime, EmbeddedLifetime>();
        KestrelSettings.Apply(builder, Options, _certificate);
        var app = builder.Build();
        var pipeline = Pipeline();
        app.Run(http =>
        {
            // Every answer names its request, as the client does or anew.
            var known = http.Request.Headers["Audit-ID"].ToString();
            http.Response.Headers["Audit-Id"] = known.Length > 0 ? known : Guid.NewGuid().ToString();
            return pipeline.InvokeAsync(http);
        });
        return app;
    }

    private RequestPipeline Pipeline()
    {
        var time = Options.Time;
        var tokens = new ServiceAccountTokens(_tokenKey, Store, time);
        var discovery = new DiscoveryHandler(Registry, Aggregator);
        var subresources = new SubresourceHandlers(
            new PodLogHandler(Operations, () => PodLogs, time),
            new BindingHandler(Operations, time),
            new EvictionHandler(Operations, time),
            new ScaleHandler(Operations),
            new TokenHandler(Operations, tokens),
            new ReviewHandler(tokens, Authorizer, time),
            new NamespaceFinalizeHandler(Operations, time));
        var resources = new ResourceHandler(
            Operations,
            new ListHandler(Store, time),
            new WatchHandler(Store, Registry, time, _stopping.Token),
            new PatchHandler(Operations, time),
            subresources,
            time);
        return new RequestPipeline(
            new Authenticator(_pki.Ca, tokens, time),
            Authorizer,
            Registry,
            discovery,
            new ServerInfoHandler(new OpenApiDocuments(Registry), () => Volatile.Read(ref _ready) && !Store.Failure.IsCompleted, discovery.Paths),
            resources,
            Aggregator,
            _loggers.CreateLogger<RequestPipeline>());
    }

    private static List<IPAddress> ServingAddresses(ApiServerOptions options) =>
        [IPAddress.Loopback, IPAddress.IPv6Loopback, IPAddress.Parse(new ServiceAddresses(options.ServiceCidr).First), .. options.ExtraAddresses];

    private static void CheckWritable(string directory)
    {
        try
        {
            Directory.CreateDirectory(directory);
            var probe = Path.Combine(directory, ".writable");
            File.WriteAllText(probe, "");
            File.Delete(probe);
        }
        catch (Exception e) when (e is UnauthorizedAccessException or IOException)
        {
            throw new IOException($"the state folder {directory} is not writable: {e.Message}; run as root, or choose another folder by --state", e);
        }
    }
}
