using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;
using CsCheck;
using Godwit.Machinery;
using Godwit.Types;
using Godwit.VirtApi.Serving;
using Microsoft.Extensions.Time.Testing;
using Shouldly;
using Xunit;

namespace Godwit.Unit.VirtApi;

public sealed class CertificatePlanTests
{
    private static readonly string[] Names = ["virt-api.kubevirt.svc", "localhost"];
    private static readonly CertificateRotation Minute = Minutes(ca: 3, caRenew: 2, server: 2, serverRenew: 1);

    private readonly FakeTimeProvider _clock = new(new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));

    [Fact]
    public void Good_certificates_are_kept_and_survive_the_secret()
    {
        var first = Decide(null).Material;
        var again = Decide(first);
        again.Material.ShouldBeSameAs(first);
        again.Changes.ShouldBeEmpty();
        CertificateMaterial.Read(new JsonObject { ["data"] = first.ToData() }).ShouldBe(first);
        var waiting = first with { Next = first.Authority };
        CertificateMaterial.Read(new JsonObject { ["data"] = waiting.ToData() }).ShouldBe(waiting);
        Accepts(first.TrustBundle, first.Serving).ShouldBeTrue();
    }

    [Fact]
    public void The_serving_certificate_is_renewed_before_it_ends_by_the_same_authority()
    {
        var first = Decide(null).Material;
        _clock.Advance(TimeSpan.FromHours(19));
        Decide(first).Material.ShouldBeSameAs(first);
        _clock.Advance(TimeSpan.FromHours(0.3));
        var second = Decide(first);
        second.Material.Serving.ShouldNotBe(first.Serving);
        second.Material.TrustBundle.ShouldBe(first.TrustBundle);
        second.Changes.ShouldHaveSingleItem().ShouldBe(new("virt-api's certificate", new(2026, 1, 2, 19, 18, 0, TimeSpan.Zero), "the former one ends at 2026-01-02 00:00:00Z"));
    }

    [Fact]
    public void The_next_authority_is_only_trusted_until_everybody_has_had_time_to_learn_of_it()
    {
        var first = Decide(null, Minute).Material;
        _clock.Advance(TimeSpan.FromSeconds(60));
        var introduced = Decide(first, Minute).Material;
        introduced.Next.ShouldNotBeNull();
        (introduced.Authority, introduced.Serving.CertificatePem).ShouldBe((first.Authority, introduced.Serving.CertificatePem));
        introduced.TrustBundle.ShouldBe(introduced.Next.CertificatePem + first.TrustBundle);
        Accepts(first.TrustBundle, introduced.Serving).ShouldBeTrue();

        _clock.Advance(TimeSpan.FromSeconds(30));
        Decide(introduced, Minute).Material.Authority.ShouldBe(first.Authority);
        _clock.Advance(TimeSpan.FromSeconds(1));
        Decide(introduced, Minute, isTrusted: false).Material.Authority.ShouldBe(first.Authority);
        var used = Decide(introduced, Minute).Material;
        (used.Authority, used.Next).ShouldBe((introduced.Next, null));
        Accepts(introduced.Next.CertificatePem, used.Serving).ShouldBeTrue();
        used.TrustBundle.ShouldBe(introduced.TrustBundle);
    }

    [Fact]
    public void A_former_authority_is_trusted_until_it_ends_and_so_is_all_that_it_signed()
    {
        var former = Decide(null, Minute).Material;
        var end = _clock.GetUtcNow() + TimeSpan.FromMinutes(3);
        var material = former;
        while (_clock.GetUtcNow() < end)
        {
            material.TrustBundle.ShouldContain(former.Authority.CertificatePem);
            _clock.Advance(TimeSpan.FromSeconds(10));
            material = Decide(material, Minute).Material;
        }

        _clock.Advance(TimeSpan.FromSeconds(1));
        Decide(material, Minute).Material.TrustBundle.ShouldNotContain(former.Authority.CertificatePem);
    }

    [Fact]
    public void At_no_instant_is_a_peer_refused_that_hears_of_changes_late()
    {
        var rotations = Gen.Select(Gen.Int[3, 2000], Gen.Double[0.2, 0.95], Gen.Double[0.1, 1], Gen.Double[0.2, 0.95]).Select(static (minutes, caRenew, server, serverRenew) =>
            Minutes(minutes, minutes * caRenew, minutes * server, minutes * server * serverRenew));
        Gen.Select(rotations, Gen.Double[0.3, 1].Array[30], Gen.Int[0, 5].Array[30]).Sample(
            static (rotation, pauses, trust) =>
            {
                var clock = new FakeTimeProvider(new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));
                // So late that it matters, and not so late that a certificate ends meanwhile.
                var lag = new[] { TimeSpan.FromMinutes(10), rotation.CaRenewBefore / 8, rotation.ServerRenewBefore / 3 }.Min();
                var states = new Queue<State>([State.First(rotation, clock)]);
                var now = states.Peek();
                for (var i = 0; i < pauses.Length; i++)
                {
                    clock.Advance(lag * pauses[i]);
                    // A write that failed once is made good the next time.
                    now = now.Next(rotation, isTrusted: trust[i] != 0 || (i > 0 && trust[i - 1] == 0), clock);
                    while (states.Skip(1).FirstOrDefault() is { } later && later.At <= clock.GetUtcNow() - lag)
                    {
                        states.Dequeue();
                    }

                    states.Enqueue(now);
                    foreach (var late in states)
                    {
                        now.ShouldGetOnWith(late, clock);
                        late.ShouldGetOnWith(now, clock);
                    }
                }
            },
            iter: 10);
    }

    [Theory]
    [InlineData(10_080, 10_079.9)]
    [InlineData(3, 2.98)]
    public void However_often_the_authority_changes_few_are_trusted_at_a_time(double life, double renewBefore)
    {
        var rotation = Minutes(life, renewBefore, life, life / 5);
        var material = Decide(null, rotation).Material;
        for (var i = 0; i < 100; i++)
        {
            _clock.Advance(TimeSpan.FromMinutes(life / 50));
            material = Decide(material, rotation).Material;
            material.TrustBundle.Split("BEGIN CERTIFICATE").Length.ShouldBeLessThan(20);
        }
    }

    [Fact]
    public void Settings_that_change_take_effect_at_once_both_ways()
    {
        var calm = Decide(null).Material;
        _clock.Advance(TimeSpan.FromHours(1));
        var hasty = Decide(calm, Minute).Material;
        hasty.Next.ShouldNotBeNull();
        Life(hasty.Serving).ShouldBe(TimeSpan.FromMinutes(2));
        _clock.Advance(TimeSpan.FromSeconds(31));
        hasty = Decide(hasty, Minute).Material;
        Life(hasty.Authority).ShouldBe(TimeSpan.FromMinutes(3));

        _clock.Advance(TimeSpan.FromSeconds(20));
        var slowing = Decide(hasty).Material;
        slowing.Next.ShouldNotBeNull();
        Life(slowing.Next).ShouldBe(TimeSpan.FromDays(7));
        // Not after the ten minutes that are usual for authorities of a week: the present one ends before.
        _clock.Advance(TimeSpan.FromSeconds(81));
        var slow = Decide(slowing).Material;
        slow.Authority.ShouldBe(slowing.Next);
        Life(slow.Serving).ShouldBe(TimeSpan.FromDays(1));
    }

    [Theory]
    [InlineData("tls.key")]
    [InlineData("authority.crt")]
    public void A_secret_that_was_damaged_is_made_anew(string key)
    {
        var data = Decide(null).Material.ToData();
        data[key] = Encode("nonsense");
        CertificateMaterial.Read(new JsonObject { ["data"] = data }).ShouldBeNull();
    }

    [Theory]
    [InlineData("")]
    [InlineData("nonsense")]
    [InlineData("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")]
    public void A_bundle_that_was_damaged_is_mended_from_the_authority(string damage)
    {
        var first = Decide(null).Material;
        var data = first.ToData();
        data["ca.crt"] = Encode(damage);
        Decide(CertificateMaterial.Read(new JsonObject { ["data"] = data }).ShouldNotBeNull()).Material.ShouldBe(first);
    }

    [Fact]
    public void Certificates_that_have_ended_are_made_anew_and_the_log_says_what_happened()
    {
        var first = Decide(null).Material;
        _clock.Advance(TimeSpan.FromDays(400));
        var second = Decide(first);
        second.Material.Authority.ShouldNotBe(first.Authority);
        second.Material.TrustBundle.ShouldBe(second.Material.Authority.CertificatePem);
        Accepts(second.Material.TrustBundle, second.Material.Serving).ShouldBeTrue();
        second.Changes.ShouldAllBe(static change => change.IsRepair);
        second.Changes[0].Why.ShouldBe(
            "the former one had ended at 2026-01-08 00:00:00Z, and it is 2027-02-05 00:00:00Z now: virt-api did not run or could not write for that long, or a clock was changed");
    }

    [Fact]
    public void A_clock_that_is_set_back_leaves_nothing_that_is_not_valid_yet()
    {
        var first = Decide(null).Material;
        var earlier = new FakeTimeProvider(_clock.GetUtcNow() - TimeSpan.FromDays(30));
        var decision = CertificatePlan.Decide(first, Names, CertificateRotation.Default, isTrusted: true, earlier);
        PeerTrust.Refusal(Load(decision.Material.Serving), decision.Material.TrustBundle, Names[0], earlier).ShouldBeNull();
        decision.Changes[0].Why.ShouldContain("it is only 2025-12-02 00:00:00Z now: a clock was changed");
    }

    [Fact]
    public void An_authority_that_ends_while_the_next_one_waits_is_followed_by_it()
    {
        var first = Decide(null, Minute).Material;
        _clock.Advance(TimeSpan.FromMinutes(1));
        var waiting = Decide(first, Minute).Material;
        _clock.Advance(TimeSpan.FromSeconds(121));
        var decision = Decide(waiting, Minute, isTrusted: false);
        decision.Material.Authority.ShouldBe(waiting.Next);
        Accepts(waiting.TrustBundle, decision.Material.Serving).ShouldBeTrue();
    }

    [Fact]
    public void It_is_looked_at_again_when_something_is_due_and_at_least_every_minute()
    {
        var first = Decide(null, Minute);
        first.Again.ShouldBe(TimeSpan.FromMinutes(1));
        _clock.Advance(TimeSpan.FromSeconds(45));
        Decide(first.Material, Minute).Again.ShouldBe(TimeSpan.FromSeconds(15));
        Decide(Decide(null).Material).Again.ShouldBe(TimeSpan.FromMinutes(1));
    }

    private static CertificateRotation Minutes(double ca, double caRenew, double server, double serverRenew) =>
        new(TimeSpan.FromMinutes(ca), TimeSpan.FromMinutes(caRenew), TimeSpan.FromMinutes(server), TimeSpan.FromMinutes(serverRenew));

    private static TimeSpan Life(CertificatePair pair)
    {
        using var certificate = pair.Load();
        return CertificateAuthority.End(certificate) - CertificateAuthority.IssuedAt(certificate);
    }

    private static X509Certificate2 Load(CertificatePair pair) => X509Certificate2.CreateFromPem(pair.CertificatePem);

    private static string Encode(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));

    private CertificateDecision Decide(CertificateMaterial? current, CertificateRotation? rotation = null, bool isTrusted = true) =>
        CertificatePlan.Decide(current, Names, rotation ?? CertificateRotation.Default, isTrusted, _clock);

    private bool Accepts(string bundle, CertificatePair pair)
    {
        using var certificate = Load(pair);
        return PeerTrust.Refusal(certificate, bundle, Names[0], _clock) is null;
    }

    /// <summary>All that was published at one instant.</summary>
    private sealed record State(DateTimeOffset At, CertificateMaterial Api, CertificatePair Agent)
    {
        private static readonly string[] AgentNames = [Consoles.HandlerName];

        public static State First(CertificateRotation rotation, FakeTimeProvider clock) => Of(null, null, rotation, isTrusted: true, clock);

        public State Next(CertificateRotation rotation, bool isTrusted, FakeTimeProvider clock) => Of(Api, Agent, rotation, isTrusted, clock);

        /// <summary>Each accepts what the other serves with, by the authorities that it knows.</summary>
        public void ShouldGetOnWith(State other, FakeTimeProvider clock)
        {
            using var api = Load(other.Api.Serving);
            using var agent = Load(other.Agent);
            PeerTrust.Refusal(api, Api.TrustBundle, Names[0], clock).ShouldBeNull();
            PeerTrust.Refusal(agent, Api.TrustBundle, AgentNames[0], clock).ShouldBeNull();
        }

        private static State Of(CertificateMaterial? api, CertificatePair? agent, CertificateRotation rotation, bool isTrusted, FakeTimeProvider clock)
        {
            var material = CertificatePlan.Decide(api, Names, rotation, isTrusted, clock).Material;
            return new(clock.GetUtcNow(), material, LeafPlan.Decide("agents", agent, material.Authority, AgentNames, rotation, clock).Pair);
        }
    }
}
