using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;
using Godwit.Machinery;
using Godwit.Types;
using Microsoft.Extensions.Logging;

namespace Godwit.VirtHandler.Console;

/// <summary>The agent's certificate and whom it trusts, as virt-api publishes them; kept up to date without a restart.</summary>
internal sealed partial class ConsoleCertificates(ApiClient api, ILogger logger, TimeProvider time)
{
    private static readonly TimeSpan Refresh = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan Retry = TimeSpan.FromSeconds(2);
    private readonly TaskCompletionSource _first = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile State? _state;

    public X509Certificate2 Current => Known.Certificate;

    public string Trust => Known.Trust;

    private State Known => _state ?? throw new InvalidOperationException("There is no certificate yet.");

    /// <summary>Waits for virt-api's first word.</summary>
    public Task WaitAsync(CancellationToken cancellationToken) => _first.Task.WaitAsync(cancellationToken);

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            var wait = Retry;
            try
            {
                var secret = await api.TryGetAsync(Kinds.Secret, new(Installation.Namespace, Consoles.HandlerSecret), cancellationToken);
                var trust = await api.TryGetAsync(Kinds.ConfigMap, new(Installation.Namespace, Consoles.TrustConfigMap), cancellationToken);
                if (TryUse(secret, trust))
                {
                    _first.TrySetResult();
                    wait = Refresh;
                }
            }
            catch (ApiException e)
            {
                LogFailed(logger, e.Message);
            }

            await Task.Delay(wait, time, cancellationToken);
        }
    }

    // Replaced certificates are left to the garbage collector: handshakes under way may still hold them.
    private bool TryUse(JsonObject? secret, JsonObject? trust)
    {
        if (secret.Text("data", "tls.crt") is not { } certificate || secret.Text("data", "tls.key") is not { } key
            || trust.Text("data", Consoles.TrustKey) is not { Length: > 0 } authorities)
        {
            return false;
        }

        if (_state is { } known && known.Source == certificate)
        {
            _state = known with { Trust = authorities };
            return true;
        }

        try
        {
            var pair = new CertificatePair(
                Encoding.UTF8.GetString(Convert.FromBase64String(certificate)), Encoding.UTF8.GetString(Convert.FromBase64String(key)));
            _state = new State(certificate, pair.Load(), authorities);
            return true;
        }
        catch (Exception e) when (e is FormatException or CryptographicException or ArgumentException)
        {
            LogFailed(logger, e.Message);
            return false;
        }
    }

    private sealed record State(string Source, X509Certificate2 Certificate, string Trust);

    [LoggerMessage(450, LogLevel.Warning, "The certificate for consoles cannot be read: {Error}")]
    private static partial void LogFailed(ILogger logger, string error);
}
