using Godwit.Machinery;

namespace Godwit.Types;

/// <summary>How long the components' certificates live, as it holds now: all values are known and fit together.</summary>
/// <param name="CaDuration">Life of an authority.</param>
/// <param name="CaRenewBefore">So long before its end the next one is made; for so long both are trusted.</param>
/// <param name="ServerDuration">Life of what an authority signs.</param>
/// <param name="ServerRenewBefore">So long before its end it is replaced.</param>
public sealed record CertificateRotation(TimeSpan CaDuration, TimeSpan CaRenewBefore, TimeSpan ServerDuration, TimeSpan ServerRenewBefore)
{
    private const double Fifth = 0.2;
    private static readonly TimeSpan DefaultCa = TimeSpan.FromDays(7);
    private static readonly TimeSpan DefaultServer = TimeSpan.FromDays(1);

    /// <summary>KubeVirt's: a week and a day, renewed when a fifth is left.</summary>
    public static CertificateRotation Default { get; } = new(DefaultCa, DefaultCa * Fifth, DefaultServer, DefaultServer * Fifth);

    /// <summary>
    /// What a KubeVirt resource asks for. When a part of it cannot be meant, which only writes show that passed admission by, the
    /// defaults hold as a whole.
    /// </summary>
    public static CertificateRotation Resolve(KubeVirt? kubeVirt) =>
        kubeVirt is null || RotationValidation.Check(kubeVirt).Count > 0 ? Default : Read(kubeVirt.Spec?.CertificateRotateStrategy?.SelfSigned);

    /// <summary>
    /// What is written, and defaults where nothing is or it cannot be read. The former names go before today's, as they do in KubeVirt.
    /// </summary>
    internal static CertificateRotation Read(SelfSignedCertificates? written)
    {
        var ca = Time(written?.CaRotateInterval) ?? Time(written?.Ca?.Duration) ?? DefaultCa;
        var server = Time(written?.CertRotateInterval) ?? Time(written?.Server?.Duration) ?? DefaultServer;
        return new(
            ca,
            Time(written?.CaOverlapInterval) ?? Time(written?.Ca?.RenewBefore) ?? ca * Fifth,
            server,
            Time(written?.Server?.RenewBefore) ?? server * Fifth);
    }

    private static TimeSpan? Time(string? text) => text is not null && GoDuration.TryParse(text, out var time) ? time : null;
}
