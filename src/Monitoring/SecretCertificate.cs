using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;
using Godwit.Machinery;
using Microsoft.Extensions.Logging;

namespace Godwit.Monitoring;

/// <summary>
/// A certificate that somebody else keeps in a Secret of type <c>kubernetes.io/tls</c>, followed so that a new one is taken up without
/// a restart. What is gone or cannot be read leaves what was known in force.
/// </summary>
public sealed partial class SecretCertificate
{
    private static readonly ResourceKind Kind = new("", "v1", "secrets", "Secret", Namespaced: true);
    private readonly NamespacedName _secret;
    private readonly ILogger _logger;
    private readonly Informer<JsonObject> _secrets;
    private readonly TaskCompletionSource _first = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private string? _source;
    private volatile X509Certificate2? _current;

    public SecretCertificate(ApiClient api, NamespacedName secret, ILogger logger, TimeProvider clock)
    {
        (_secret, _logger) = (secret, logger);
        _secrets = new(api, Kind, MachineryJson.Default.JsonObject, logger, clock, InformerOptions.One(secret));
        _secrets.OnChange(change => Use(change.New));
    }

    /// <summary>The certificate for new connections; null before there was one.</summary>
    public X509Certificate2? Current => _current;

    /// <summary>Waits until there is one.</summary>
    public Task WaitAsync(CancellationToken cancellationToken) => _first.Task.WaitAsync(cancellationToken);

    /// <summary>Follows the Secret until cancelled.</summary>
    public Task RunAsync(CancellationToken cancellationToken) => _secrets.RunAsync(cancellationToken);

    /// <summary>Takes up what the Secret holds. Replaced certificates are left to the garbage collector: handshakes may still hold them.</summary>
    public void Use(JsonObject? secret)
    {
        try
        {
            if (CertificatePair.OfSecret(secret) is { } pair && pair.CertificatePem != _source)
            {
                var loaded = pair.Load();
                (_source, _current) = (pair.CertificatePem, loaded);
                _first.TrySetResult();
                LogInUse(_logger, _secret, CertificateAuthority.End(loaded));
            }
        }
        catch (Exception e) when (e is FormatException or CryptographicException or ArgumentException)
        {
            LogUnreadable(_logger, _secret, e.Message);
        }
    }

    [LoggerMessage(142, LogLevel.Information, "The certificate from Secret {Secret} is in use, valid until {Until:u}")]
    private static partial void LogInUse(ILogger logger, NamespacedName secret, DateTimeOffset until);

    [LoggerMessage(143, LogLevel.Warning, "The certificate in Secret {Secret} cannot be read, the one before stays in use: {Error}")]
    private static partial void LogUnreadable(ILogger logger, NamespacedName secret, string error);
}
