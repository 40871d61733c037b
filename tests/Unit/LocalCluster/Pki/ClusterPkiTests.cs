using System.Net;
using System.Security.Cryptography.X509Certificates;
using Godwit.LocalCluster.Pki;
using Microsoft.Extensions.Time.Testing;
using Shouldly;
using Xunit;

namespace Godwit.Unit.LocalCluster.Pki;

public sealed class ClusterPkiTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly FakeTimeProvider _time = new(TimeProvider.System.GetUtcNow());

    [Fact]
    public void Keys_and_certificates_are_kept()
    {
        using var first = ClusterPki.Open(_folder.Path, _time);
        var admin = first.Client("admin", "kubernetes-admin", ["system:masters"]);
        using var second = ClusterPki.Open(_folder.Path, _time);
        second.CaPem.ShouldBe(first.CaPem);
        second.Client("admin", "kubernetes-admin", ["system:masters"]).ShouldBe(admin);
    }

    [Fact]
    public void A_certificate_that_ends_soon_is_renewed()
    {
        using var pki = ClusterPki.Open(_folder.Path, _time);
        var old = pki.Client("admin", "kubernetes-admin", []);
        _time.Advance(TimeSpan.FromDays(340));
        var renewed = pki.Client("admin", "kubernetes-admin", []);
        renewed.ShouldNotBe(old);
        using var certificate = renewed.Load();
        certificate.NotAfter.ShouldBeGreaterThan(_time.GetUtcNow().LocalDateTime.AddDays(300));
    }

    [Fact]
    public void A_server_gets_a_new_certificate_when_it_gets_a_new_address()
    {
        using var pki = ClusterPki.Open(_folder.Path, _time);
        using var first = pki.Server(["localhost"], [IPAddress.Loopback]);
        using var same = pki.Server(["localhost"], [IPAddress.Loopback]);
        same.Thumbprint.ShouldBe(first.Thumbprint);
        using var more = pki.Server(["localhost"], [IPAddress.Loopback, IPAddress.Parse("10.1.2.3")]);
        more.Thumbprint.ShouldNotBe(first.Thumbprint);
        more.Extensions.OfType<X509SubjectAlternativeNameExtension>().Single().EnumerateIPAddresses().ShouldContain(IPAddress.Parse("10.1.2.3"));
    }

    [Fact]
    public void Keys_are_for_their_owner_only()
    {
        using var pki = ClusterPki.Open(_folder.Path, _time);
        pki.Client("admin", "kubernetes-admin", []);
        using var key = pki.ServiceAccountKey();
        foreach (var file in Directory.GetFiles(_folder.Path, "*.key"))
        {
            File.GetUnixFileMode(file).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite, file);
        }

        Directory.GetFiles(_folder.Path, "*.key").Length.ShouldBe(3);
    }

    public void Dispose() => _folder.Dispose();
}
