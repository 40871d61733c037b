using System.Net.Security;
using System.Net.Sockets;
using System.Text.Json;
using System.Text.Json.Nodes;
using Godwit.LocalCluster.Network;
using Godwit.LocalCluster.Objects;

namespace Godwit.LocalCluster.Kubelet;

/// <summary>Puts one question of a probe (or a lifecycle hook) to a container.</summary>
public sealed class Prober(ContainerRuntime runtime, TimeProvider time) : IDisposable
{
    private readonly HttpClient _http = new(new SocketsHttpHandler
    {
        AllowAutoRedirect = false,
        UseProxy = false,
        // Each question is to show whether a new connection is answered.
        PooledConnectionLifetime = TimeSpan.Zero,
#pragma warning disable CA5359 // A probe asks whether the container answers, not who it is; the kubelet checks no certificates either.
        SslOptions = new SslClientAuthenticationOptions { RemoteCertificateValidationCallback = static (_, _, _, _) => true },
#pragma warning restore CA5359
    });

    /// <summary>Null when the container answered as it should, else what was wrong.</summary>
    public async Task<string?> AskAsync(Container container, ContainerRecord run, Probe probe, string address, CancellationToken cancellation)
    {
        var deadline = TimeSpan.FromSeconds(Math.Max(1, probe.TimeoutSeconds ?? 1));
        using var timeout = new CancellationTokenSource(deadline, time);
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellation);
        try
        {
            return probe switch
            {
                { Exec.Command: { Count: > 0 } command } => await ExecAsync(run, command, deadline, cancellation),
                { HttpGet: { } http } => await HttpAsync(container, http, address, linked.Token),
                { TcpSocket: { } tcp } => await TcpAsync(container, tcp, address, linked.Token),
                _ => null,
            };
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return $"no answer within {deadline.TotalSeconds:0} s";
        }
        catch (Exception e) when (e is SocketException or HttpRequestException or HostToolException or IOException or FormatException)
        {
            return e.Message;
        }
    }

    public void Dispose() => _http.Dispose();

    private async Task<string?> ExecAsync(ContainerRecord run, IReadOnlyList<string> command, TimeSpan deadline, CancellationToken cancellation)
    {
        var result = await runtime.ExecAsync(run, command, deadline, cancellation);
        return result.Succeeded ? null : $"{result.Output}{result.Error}".Trim() is { Length: > 0 } said ? said : $"exit code {result.ExitCode}";
    }

    private async Task<string?> HttpAsync(Container container, HttpGetAction action, string address, CancellationToken cancellation)
    {
        var scheme = string.Equals(action.Scheme, "HTTPS", StringComparison.OrdinalIgnoreCase) ? "https" : "http";
        var path = action.Path is { Length: > 0 } given ? given.StartsWith('/') ? given : "/" + given : "/";
        var request = new HttpRequestMessage(HttpMethod.Get, $"{scheme}://{action.Host ?? address}:{Port(container, action.Port)}{path}");
        foreach (var header in action.HttpHeaders ?? [])
        {
            request.Headers.TryAddWithoutValidation(header.Name, header.Value);
        }
        using (request)
        {
            using var response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellation);
            var code = (int)response.StatusCode;
            return code is >= 200 and < 400 ? null : $"HTTP probe failed with statuscode: {code}";
        }
    }

    private static async Task<string?> TcpAsync(Container container, TcpSocketAction action, string address, CancellationToken cancellation)
    {
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(action.Host ?? address, Port(container, action.Port), cancellation);
        return null;
    }

    /// <summary>A port is given by number or by the name that the container lists it under.</summary>
    private static int Port(Container container, JsonNode? port)
    {
        if (port?.GetValueKind() == JsonValueKind.Number)
        {
            return (int)port;
        }
        var name = (string?)port ?? "";
        return int.TryParse(name, out var number)
            ? number
            : container.Ports?.Find(p => p.Name == name)?.Port ?? throw new FormatException($"container {container.Name} has no port \"{name}\"");
    }
}
