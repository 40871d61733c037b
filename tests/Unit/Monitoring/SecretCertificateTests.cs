using System.Text;
using System.Text.Json.Nodes;
using Godwit.Machinery;
using Godwit.Monitoring;
using Godwit.Unit.Machinery;
using Microsoft.Extensions.Logging.Abstractions;
using Shouldly;
using Xunit;

namespace Godwit.Unit.Monitoring;

public sealed class SecretCertificateTests : IDisposable
{
    private readonly CertificateAuthority _authority = CertificateAuthority.Create("a", TimeSpan.FromDays(1));
    private readonly SecretCertificate _certificate = new(
        new FakeApi(static _ => FakeApi.Refuse(404, "NotFound")).Client(), new("kubevirt", "certs"), NullLogger.Instance, TimeProvider.System);

    [Fact]
    public void A_certificate_is_taken_up_and_kept_until_there_is_a_better_one()
    {
        _certificate.Use(null);
        _certificate.Current.ShouldBeNull();
        var secret = Secret();
        _certificate.Use(secret);
        var first = _certificate.Current.ShouldNotBeNull();
        first.HasPrivateKey.ShouldBeTrue();
        _certificate.Use(secret);
        _certificate.Current.ShouldBeSameAs(first);
        var next = Secret();
        _certificate.Use(next);
        _certificate.Current!.SerialNumber.ShouldNotBe(first.SerialNumber);
    }

    [Theory]
    [InlineData("not base64 !")]
    [InlineData("bm8gUEVN")]
    public void What_cannot_be_read_leaves_the_one_before(string certificate)
    {
        _certificate.Use(Secret());
        var first = _certificate.Current;
        var damaged = Secret();
        damaged["data"]!["tls.crt"] = certificate;
        _certificate.Use(damaged);
        _certificate.Use(new JsonObject { ["data"] = new JsonObject() });
        _certificate.Current.ShouldBeSameAs(first);
    }

    public void Dispose() => _authority.Dispose();

    private JsonObject Secret()
    {
        var pair = _authority.Issue(new LeafRequest("x") { DnsNames = ["x"], Server = true });
        return new JsonObject
        {
            ["data"] = new JsonObject { ["tls.crt"] = Encode(pair.CertificatePem), ["tls.key"] = Encode(pair.KeyPem) },
        };
    }

    private static string Encode(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));
}
