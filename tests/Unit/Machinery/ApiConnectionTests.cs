using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Text;
using Godwit.Machinery;
using Shouldly;
using Xunit;

namespace Godwit.Unit.Machinery;

/// <summary>What a kubeconfig says about trust and credentials, against a server with a certificate of its own.</summary>
public sealed class ApiConnectionTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("godwit-connection-").FullName;
    private readonly CertificateAuthority _authority = CertificateAuthority.Create("ours", TimeSpan.FromDays(1));
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);

    public void Dispose()
    {
        _listener.Dispose();
        _authority.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task The_user_shows_the_certificate_of_the_kubeconfig()
    {
        var user = _authority.Issue(new LeafRequest("system:admin") { Client = true });
        var seen = await AnswerAsync("localhost", Cluster(), $"{{client-certificate-data: {Base64(user.CertificatePem)}, client-key-data: {Base64(user.KeyPem)}}}");
        seen.ShouldBe("CN=system:admin");
    }

    [Fact]
    public async Task A_server_whose_certificate_is_for_another_name_is_refused_though_the_authority_is_ours() =>
        (await Should.ThrowAsync<ApiException>(AnswerAsync("elsewhere.test", Cluster()))).Message.ShouldContain("RemoteCertificateNameMismatch");

    [Fact]
    public async Task A_server_is_known_by_the_name_that_the_kubeconfig_gives_it() =>
        (await AnswerAsync("elsewhere.test", $"{Cluster()}, tls-server-name: elsewhere.test")).ShouldBe("nobody");

    [Fact]
    public async Task A_server_of_another_authority_is_refused()
    {
        using var other = CertificateAuthority.Create("theirs", TimeSpan.FromDays(1));
        var refused = await Should.ThrowAsync<ApiException>(AnswerAsync("localhost", $"certificate-authority-data: {Base64(other.CertificatePem)}"));
        refused.Message.ShouldContain("cannot reach localhost:");
    }

    [Fact]
    public async Task Who_wants_no_check_gets_none() =>
        (await AnswerAsync("elsewhere.test", "insecure-skip-tls-verify: true")).ShouldBe("nobody");

    [Theory]
    [InlineData("server: 'https://localhost:1'", "{client-key-data: aGVsbG8=}", "credentials")]
    [InlineData("server: 'https://localhost:1'", "{client-certificate-data: aGVsbG8=}", "credentials")]
    [InlineData("server: 'https://localhost:1'", "{client-certificate-data: '%', client-key-data: aGVsbG8=}", "base-64")]
    [InlineData("server: 'https://localhost:1'", "{client-certificate: /nowhere/crt, client-key: /nowhere/key}", "/nowhere/crt")]
    [InlineData("server: 'not an address'", "{}", "Bad server host URL")]
    public void What_cannot_be_used_is_told_with_the_name_of_the_file(string cluster, string user, string words)
    {
        var file = Kubeconfig(cluster, user);
        var refused = Should.Throw<InvalidOperationException>(() => ApiClient.FromKubeconfig(file));
        refused.Message.ShouldStartWith($"Cannot use the kubeconfig {file}: ");
        refused.Message.ShouldContain(words, Case.Insensitive);
    }

    /// <summary>Asks a server that has a certificate for a name; the answer is whom the server saw.</summary>
    private async Task<string> AnswerAsync(string name, string cluster, string user = "{token: t}")
    {
        var ct = TestContext.Current.CancellationToken;
        _listener.Start();
        var port = ((IPEndPoint)_listener.LocalEndpoint).Port;
        var serving = ServeAsync(name, ct);
        using var client = ApiClient.FromKubeconfig(Kubeconfig($"server: 'https://localhost:{port}', {cluster}", user));
        try
        {
            return await client.GetRawAsync("/", ct: ct);
        }
        finally
        {
            try
            {
                await serving;
            }
            catch (Exception e) when (e is IOException or AuthenticationException)
            {
                // The client would not have it.
            }
        }
    }

    private async Task ServeAsync(string name, CancellationToken ct)
    {
        using var certificate = _authority.Issue(new LeafRequest("server") { Server = true, DnsNames = [name] }).Load();
        using var connection = await _listener.AcceptTcpClientAsync(ct);
        await using var tls = new SslStream(connection.GetStream());
        await tls.AuthenticateAsServerAsync(
            new SslServerAuthenticationOptions
            {
                ServerCertificate = certificate,
                ClientCertificateRequired = true,
                RemoteCertificateValidationCallback = (_, shown, _, _) => shown is null || PeerTrust.Chains(shown, _authority.CertificatePem),
            },
            ct);
        using var reader = new StreamReader(tls, leaveOpen: true);
        while (await reader.ReadLineAsync(ct) is { Length: > 0 })
        {
        }

        var who = tls.RemoteCertificate?.Subject ?? "nobody";
        await tls.WriteAsync(Encoding.ASCII.GetBytes($"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: {who.Length}\r\n\r\n{who}"), ct);
    }

    private string Cluster() => $"certificate-authority-data: {Base64(_authority.CertificatePem)}";

    private static string Base64(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));

    private string Kubeconfig(string cluster, string user)
    {
        var file = Path.Combine(_folder, "kubeconfig");
        File.WriteAllText(file, $$"""
            apiVersion: v1
            kind: Config
            current-context: here
            contexts: [{name: here, context: {cluster: it, user: me} }]
            clusters: [{name: it, cluster: { {{cluster}} } }]
            users: [{name: me, user: {{user}} }]
            """);
        return file;
    }
}
