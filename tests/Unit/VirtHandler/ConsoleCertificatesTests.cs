using System.Text;
using System.Text.Json.Nodes;
using Godwit.Machinery;
using Godwit.Types;
using Godwit.Unit.Machinery;
using Godwit.VirtHandler.Console;
using Microsoft.Extensions.Logging.Abstractions;
using Shouldly;
using Xunit;

namespace Godwit.Unit.VirtHandler;

public sealed class ConsoleCertificatesTests : IDisposable
{
    private readonly CertificateAuthority _authority = CertificateAuthority.Create("a", TimeSpan.FromDays(1));
    private readonly ConsoleCertificates _certificates =
        new(new FakeApi(static _ => FakeApi.Refuse(404, "NotFound")).Client(), NullLogger.Instance, TimeProvider.System);

    [Fact]
    public void Nothing_is_served_before_both_a_certificate_and_the_authorities_are_known()
    {
        _certificates.Use(Secret(), null);
        _certificates.Use(null, Trust("one"));
        Should.Throw<InvalidOperationException>(() => _certificates.Current);
        _certificates.Use(Secret(), Trust("one"));
        _certificates.Current.HasPrivateKey.ShouldBeTrue();
    }

    [Fact]
    public void A_new_bundle_holds_at_once_and_the_certificate_stays_the_same_object()
    {
        var secret = Secret();
        _certificates.Use(secret, Trust("one"));
        var certificate = _certificates.Current;
        _certificates.Use(secret, Trust("one two"));
        _certificates.Trust.ShouldBe("one two");
        _certificates.Current.ShouldBeSameAs(certificate);
    }

    [Fact]
    public void A_new_certificate_is_taken_up_and_one_that_is_damaged_or_gone_is_not()
    {
        _certificates.Use(Secret(), Trust("one"));
        var first = _certificates.Current;
        _certificates.Use(Secret(), Trust("one"));
        var second = _certificates.Current;
        second.SerialNumber.ShouldNotBe(first.SerialNumber);
        var damaged = Secret();
        damaged["data"]!["tls.key"] = Secret()["data"]!["tls.key"]!.DeepClone();
        _certificates.Use(damaged, Trust("two"));
        _certificates.Use(null, Trust("two"));
        _certificates.Current.ShouldBeSameAs(second);
        _certificates.Trust.ShouldBe("one");
    }

    public void Dispose() => _authority.Dispose();

    private static JsonObject Trust(string bundle) => new() { ["data"] = new JsonObject { [Consoles.TrustKey] = bundle } };

    private JsonObject Secret()
    {
        var pair = _authority.Issue(new LeafRequest("agent") { Server = true });
        return new() { ["data"] = new JsonObject { ["tls.crt"] = Encode(pair.CertificatePem), ["tls.key"] = Encode(pair.KeyPem) } };
    }

    private static string Encode(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));
}
