using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;
using Godwit.Machinery;
using Godwit.VirtApi.Serving;
using Microsoft.Extensions.Time.Testing;
using Shouldly;
using Xunit;

namespace Godwit.Unit.VirtApi;

public sealed class CertificatePlanTests
{
    private static readonly string[] Names = ["virt-api.kubevirt.svc", "localhost"];

    private readonly FakeTimeProvider _clock = new(new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));

    [Fact]
    public void Good_certificates_are_kept_and_survive_the_secret()
    {
        var first = Decide(null);
        Decide(first).ShouldBeSameAs(first);
        CertificateMaterial.Read(new JsonObject { ["data"] = first.ToData() }).ShouldBe(first);
        Serves(first, first.TrustBundle).ShouldBeTrue();
    }

    [Fact]
    public void The_serving_certificate_is_renewed_before_it_expires_and_stays_trusted_by_the_same_bundle()
    {
        var first = Decide(null);
        _clock.Advance(TimeSpan.FromDays(21));
        var second = Decide(first);
        second.Serving.ShouldNotBe(first.Serving);
        second.TrustBundle.ShouldBe(first.TrustBundle);
        Serves(second, first.TrustBundle).ShouldBeTrue();
    }

    [Fact]
    public void A_new_authority_is_trusted_before_it_is_used_so_that_no_moment_is_without_trust()
    {
        var material = Decide(null);
        while (true)
        {
            _clock.Advance(TimeSpan.FromHours(6));
            var next = Decide(material);
            // A client that has not heard of the newest bundle yet must still trust what is served, and the other way round.
            if (!ReferenceEquals(next, material))
            {
                Serves(next, material.TrustBundle).ShouldBeTrue();
                Serves(material, next.TrustBundle).ShouldBeTrue();
            }

            if (next.Authority != material.Authority)
            {
                next.Serving.ShouldBe(material.Serving);
                material = next;
                break;
            }

            material = next;
        }

        _clock.Advance(TimeSpan.FromMinutes(15));
        var used = Decide(material);
        used.Serving.ShouldNotBe(material.Serving);
        using var authority = CertificateAuthority.FromPem(used.Authority, _clock);
        Serves(used, authority.CertificatePem).ShouldBeTrue();
    }

    [Theory]
    [InlineData("tls.key")]
    [InlineData("authority.crt")]
    [InlineData("ca.crt")]
    public void A_secret_that_was_damaged_is_made_anew(string key)
    {
        var data = Decide(null).ToData();
        data[key] = Convert.ToBase64String(Encoding.UTF8.GetBytes(key == "ca.crt" ? "" : "nonsense"));
        CertificateMaterial.Read(new JsonObject { ["data"] = data }).ShouldBeNull();
    }

    [Fact]
    public void Certificates_that_have_all_expired_are_made_anew()
    {
        var first = Decide(null);
        _clock.Advance(TimeSpan.FromDays(400));
        var second = Decide(first);
        second.Authority.ShouldNotBe(first.Authority);
        Serves(second, second.TrustBundle).ShouldBeTrue();
    }

    [Fact]
    public void Only_our_own_webhooks_get_our_trust_and_only_once()
    {
        var configuration = Requests.Document("""
            metadata: {name: x}
            webhooks:
            - {name: a, clientConfig: {service: {name: other, namespace: kubevirt}}}
            - {name: b, clientConfig: {service: {name: virt-api, namespace: kubevirt}}}
            - {name: c, clientConfig: {url: "https://elsewhere"}}
            """);
        var patch = TrustInjection.Decide(configuration, new("kubevirt", "virt-api"), "PEM");
        var patched = JsonPatch.Apply(configuration, patch);
        patched!["webhooks"]![1].Text("clientConfig", "caBundle").ShouldBe(Convert.ToBase64String("PEM"u8));
        patched["webhooks"]![0].At("clientConfig", "caBundle").ShouldBeNull();
        TrustInjection.Decide(patched, new("kubevirt", "virt-api"), "PEM").ShouldBeEmpty();
        var service = Requests.Document("spec: {service: {name: virt-api, namespace: kubevirt}, insecureSkipTLSVerify: true}");
        JsonPatch.Apply(service, TrustInjection.Decide(service, new("kubevirt", "virt-api"), "PEM"))
            .Text("spec", "caBundle").ShouldNotBeNull();
    }

    private CertificateMaterial Decide(CertificateMaterial? current) => CertificatePlan.Decide(current, Names, _clock);

    private bool Serves(CertificateMaterial material, string bundle)
    {
        using var serving = material.Serving.Load();
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.VerificationTime = _clock.GetUtcNow().UtcDateTime;
        chain.ChainPolicy.CustomTrustStore.ImportFromPem(bundle);
        return chain.Build(serving) && serving.MatchesHostname(Names[0]);
    }
}
