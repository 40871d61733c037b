using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;
using Godwit.Machinery;
using Godwit.Types;
using Microsoft.Extensions.Logging;

namespace Godwit.VirtHandler.Console;

/// <summary>
/// The agent's certificate and whom it trusts, as virt-api publishes them. Both are followed, so that a new authority is known here
/// long before anybody shows a certificate by it; connections that are open stay.
/// </summary>
internal sealed partial class ConsoleCertificates
{
    private static readonly NamespacedName Secret = new(Installation.Namespace, Consoles.HandlerSecret);
    private static readonly NamespacedName TrustMap = new(Installation.Namespace, Consoles.TrustConfigMap);
    private readonly ILogger _logger;
    private readonly Lock _gate = new();
    private readonly Informer<JsonObject> _secrets;
    private readonly Informer<JsonObject> _maps;
    private readonly TaskCompletionSource _first = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile State? _state;

    public ConsoleCertificates(ApiClient api, ILogger logger, TimeProvider time)
    {
        _logger = logger;
        _secrets = new(api, Kinds.Secret, MachineryJson.Default.JsonObject, logger, time, InformerOptions.One(Secret));
        _maps = new(api, Kinds.ConfigMap, MachineryJson.Default.JsonObject, logger, time, InformerOptions.One(TrustMap));
        _secrets.OnChange(_ => Refresh());
        _maps.OnChange(_ => Refresh());
    }

    public X509Certificate2 Current => Known.Certificate;

    /// <summary>The certificate; null before virt-api's first word.</summary>
    public X509Certificate2? Published => _state?.Certificate;

    public string Trust => Known.Trust;

    private State Known => _state ?? throw new InvalidOperationException("There is no certificate yet.");

    /// <summary>Waits for virt-api's first word.</summary>
    public Task WaitAsync(CancellationToken cancellationToken) => _first.Task.WaitAsync(cancellationToken);

    public Task RunAsync(CancellationToken cancellationToken) => TaskGroup.RunAsync(cancellationToken, _secrets.RunAsync, _maps.RunAsync);

    private void Refresh()
    {
        // Each has a loop of its own: who comes second must also see what the first saw.
        lock (_gate)
        {
            Use(_secrets.Get(Secret), _maps.Get(TrustMap));
        }
    }

    // What is gone or cannot be read leaves what was known in force. Replaced certificates are left to the garbage collector:
    // handshakes under way may still hold them.
    internal void Use(JsonObject? secret, JsonObject? trust)
    {
        try
        {
            if (CertificatePair.OfSecret(secret) is not { } pair || trust.Text("data", Consoles.TrustKey) is not { Length: > 0 } authorities)
            {
                return;
            }

            _state = _state is { } known && known.Source == pair.CertificatePem ? known with { Trust = authorities } : Load(pair, authorities);
            _first.TrySetResult();
        }
        catch (Exception e) when (e is FormatException or CryptographicException or ArgumentException)
        {
            LogUnreadable(_logger, Secret, e.Message);
        }
    }

    private State Load(CertificatePair pair, string authorities)
    {
        var loaded = pair.Load();
        LogInUse(_logger, Secret, CertificateAuthority.End(loaded));
        return new State(pair.CertificatePem, loaded, authorities);
    }

    private sealed record State(string Source, X509Certificate2 Certificate, string Trust);

    [LoggerMessage(450, LogLevel.Warning, "The agents' certificate in Secret {Secret} cannot be read, the one before stays in use: {Error}")]
    private static partial void LogUnreadable(ILogger logger, NamespacedName secret, string error);

    [LoggerMessage(455, LogLevel.Information, "The agents' certificate from Secret {Secret} is in use, valid until {Until:u}")]
    private static partial void LogInUse(ILogger logger, NamespacedName secret, DateTimeOffset until);
}
