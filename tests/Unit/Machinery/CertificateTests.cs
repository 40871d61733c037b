using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Godwit.Machinery;
using Microsoft.Extensions.Time.Testing;
using Shouldly;
using Xunit;

namespace Godwit.Unit.Machinery;

public sealed class CertificateTests
{
    [Theory]
    [InlineData(KeyAlgorithm.EcP256)]
    [InlineData(KeyAlgorithm.Rsa2048)]
    public void A_leaf_is_signed_by_its_authority_and_says_what_it_may_do(KeyAlgorithm algorithm)
    {
        using var authority = CertificateAuthority.Create("test-ca", TimeSpan.FromDays(1), algorithm: algorithm);
        using var leaf = authority.Issue(new LeafRequest("system:node:n1")
        {
            Organizations = ["system:nodes", "extra"],
            DnsNames = ["n1.test"],
            IpAddresses = [IPAddress.Loopback],
            Server = true,
            Client = true,
            Algorithm = algorithm,
        }).Load();
        leaf.HasPrivateKey.ShouldBeTrue();
        leaf.Subject.ShouldContain("CN=system:node:n1");
        leaf.Subject.ShouldContain("O=system:nodes");
        leaf.Subject.ShouldContain("O=extra");
        leaf.MatchesHostname("n1.test").ShouldBeTrue();
        leaf.MatchesHostname("127.0.0.1").ShouldBeTrue();
        leaf.MatchesHostname("n2.test").ShouldBeFalse();
        leaf.Extensions.OfType<X509KeyUsageExtension>().Single().KeyUsages.HasFlag(X509KeyUsageFlags.KeyEncipherment)
            .ShouldBe(algorithm == KeyAlgorithm.Rsa2048);
        Trusts(authority.CertificatePem, leaf).ShouldBeTrue();
        using var other = CertificateAuthority.Create("test-ca", TimeSpan.FromDays(1));
        Trusts(other.CertificatePem, leaf).ShouldBeFalse();
    }

    [Fact]
    public void A_leaf_never_outlives_its_authority()
    {
        var clock = new FakeTimeProvider(new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));
        using var authority = CertificateAuthority.Create("test-ca", TimeSpan.FromDays(10), clock);
        clock.Advance(TimeSpan.FromDays(9));
        using var leaf = authority.Issue(new LeafRequest("x") { Validity = TimeSpan.FromDays(365) }).Load();
        leaf.NotAfter.ToUniversalTime().ShouldBe(new DateTime(2026, 1, 11, 0, 0, 0, DateTimeKind.Utc));
    }

    [Fact]
    public async Task Both_sides_of_a_connection_can_prove_themselves_with_kept_certificates()
    {
        using var made = CertificateAuthority.Create("test-ca", TimeSpan.FromDays(1));
        using var authority = CertificateAuthority.FromPem(made.Pair);
        using var server = authority.Issue(new LeafRequest("server") { Server = true, DnsNames = ["server.test"] }).Load();
        using var client = authority.Issue(new LeafRequest("client") { Client = true }).Load();
        using var root = X509Certificate2.CreateFromPem(authority.CertificatePem);
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen();
        using var near = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await near.ConnectAsync(listener.LocalEndPoint!, TestContext.Current.CancellationToken);
        using var far = await listener.AcceptAsync(TestContext.Current.CancellationToken);
        await using var serverTls = new SslStream(new NetworkStream(far));
        await using var clientTls = new SslStream(new NetworkStream(near));
        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        policy.CustomTrustStore.Add(root);
        await Task.WhenAll(
            serverTls.AuthenticateAsServerAsync(
                new SslServerAuthenticationOptions
                {
                    ServerCertificate = server,
                    ClientCertificateRequired = true,
                    CertificateChainPolicy = policy,
                    EnabledSslProtocols = SslProtocols.Tls13,
                },
                TestContext.Current.CancellationToken),
            clientTls.AuthenticateAsClientAsync(
                new SslClientAuthenticationOptions
                {
                    TargetHost = "server.test",
                    ClientCertificates = [client],
                    CertificateChainPolicy = policy.Clone(),
                },
                TestContext.Current.CancellationToken));
        serverTls.IsMutuallyAuthenticated.ShouldBeTrue();
    }

    private static bool Trusts(string authorityPem, X509Certificate2 leaf)
    {
        using var root = X509Certificate2.CreateFromPem(authorityPem);
        using var chain = new X509Chain
        {
            ChainPolicy = { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck },
        };
        chain.ChainPolicy.CustomTrustStore.Add(root);
        return chain.Build(leaf);
    }
}
