using Godwit.Types;
using Shouldly;
using Xunit;

namespace Godwit.Unit.Types;

public sealed class CertificateRotationTests
{
    private const string Path = "spec.certificateRotateStrategy.selfSigned";

    [Fact]
    public void Without_a_word_an_authority_lives_a_week_and_what_it_signs_a_day_and_a_fifth_of_it_is_the_overlap()
    {
        CertificateRotation[] all = [CertificateRotation.Resolve(null), Resolve(null), Resolve(new()), CertificateRotation.Default];
        all.Distinct().ShouldBe([new(TimeSpan.FromHours(168), TimeSpan.FromHours(33.6), TimeSpan.FromHours(24), TimeSpan.FromHours(4.8))]);
    }

    [Fact]
    public void What_is_written_holds_and_the_rest_follows_from_it() =>
        Resolve(new() { Ca = new() { Duration = "3m", RenewBefore = "2m" }, Server = new() { Duration = "1m" } })
            .ShouldBe(new(TimeSpan.FromMinutes(3), TimeSpan.FromMinutes(2), TimeSpan.FromMinutes(1), TimeSpan.FromSeconds(12)));

    [Fact]
    public void Former_names_still_count() =>
        Resolve(new() { CaRotateInterval = "100h", CaOverlapInterval = "10h", CertRotateInterval = "50h" })
            .ShouldBe(new(TimeSpan.FromHours(100), TimeSpan.FromHours(10), TimeSpan.FromHours(50), TimeSpan.FromHours(10)));

    [Fact]
    public void Settings_that_cannot_be_meant_count_as_none() =>
        Resolve(new() { Ca = new() { Duration = "48h" }, Server = new() { Duration = "72h" } }).ShouldBe(CertificateRotation.Default);

    [Theory]
    [InlineData("ca.duration", "soon", null, null, null, "'soon' is not a duration. Write it in hours, minutes and seconds, such as 168h or 1h30m.")]
    [InlineData("ca.renewBefore", "1h", "1h", "30m", null, "must be shorter than spec.certificateRotateStrategy.selfSigned.ca.duration: 1h is not less than 1h.")]
    [InlineData("ca.renewBefore", null, "200h", null, null, "must be shorter than")]
    [InlineData("server.renewBefore", null, null, "1m", "2m", "must be shorter than spec.certificateRotateStrategy.selfSigned.server.duration: 2m is not less than 1m.")]
    [InlineData("server.renewBefore", null, null, null, "0", "must be at least 1s, not 0s.")]
    [InlineData("server.renewBefore", null, null, "4s", null, "must be at least 1s, not 0.8s. A certificate needs a successor")]
    [InlineData("server.renewBefore", null, null, null, "-1h", "must be at least 1s, not -1h.")]
    [InlineData("server.duration", "12h", null, null, null, "must not be longer than spec.certificateRotateStrategy.selfSigned.ca.duration: 24h is more than 12h.")]
    public void A_life_that_cannot_be_lived_is_refused_by_name(
        string field, string? caDuration, string? caRenew, string? serverDuration, string? serverRenew, string message)
    {
        var error = Check(new()
        {
            Ca = new() { Duration = caDuration, RenewBefore = caRenew },
            Server = new() { Duration = serverDuration, RenewBefore = serverRenew },
        }).ShouldHaveSingleItem();
        error.Path.ShouldBe($"{Path}.{field}");
        error.Advice.ShouldStartWith(message);
    }

    [Fact]
    public void Former_and_present_names_are_not_mixed() =>
        Check(new() { CaRotateInterval = "168h", Server = new() }).ShouldHaveSingleItem().ToString()
            .ShouldBe($"{Path}: caRotateInterval, certRotateInterval and caOverlapInterval are former names and cannot be used together with ca and server. Keep ca and server.");

    private static KubeVirt With(SelfSignedCertificates? selfSigned) =>
        new() { Metadata = new(), Spec = new() { CertificateRotateStrategy = new() { SelfSigned = selfSigned } } };

    private static CertificateRotation Resolve(SelfSignedCertificates? selfSigned) => CertificateRotation.Resolve(With(selfSigned));

    private static IReadOnlyList<FieldError> Check(SelfSignedCertificates selfSigned) => Validation.KubeVirt(With(selfSigned));
}
