using Godwit.Machinery;

namespace Godwit.Types;

/// <summary>
/// Rules for <c>spec.certificateRotateStrategy</c>. They are KubeVirt's, and beyond them a certificate must live on for a moment
/// when its successor is made: one that ends first would be missed by all who have not heard of the successor yet.
/// </summary>
public static class RotationValidation
{
    private const string Path = "spec.certificateRotateStrategy.selfSigned";

    /// <summary>The shortest time in which a successor can be handed round.</summary>
    private static readonly TimeSpan LeastOverlap = TimeSpan.FromSeconds(1);

    /// <summary>What is wrong with a KubeVirt resource's strategy; empty when all is well.</summary>
    public static IReadOnlyList<FieldError> Check(KubeVirt kubeVirt)
    {
        var errors = new Errors();
        Check(kubeVirt, errors);
        return errors.ToList();
    }

    internal static void Check(KubeVirt kubeVirt, Errors errors)
    {
        if (kubeVirt.Spec?.CertificateRotateStrategy?.SelfSigned is not { } written)
        {
            return;
        }

        var former = written.CaRotateInterval ?? written.CertRotateInterval ?? written.CaOverlapInterval;
        if (former is not null && (written.Ca ?? written.Server) is not null)
        {
            errors.Add(
                Path,
                "caRotateInterval, certRotateInterval and caOverlapInterval are former names and cannot be used together with ca and server",
                "Keep ca and server.",
                FieldError.NotSupported);
        }

        (string Field, string? Text)[] durations =
        [
            ("caRotateInterval", written.CaRotateInterval),
            ("certRotateInterval", written.CertRotateInterval),
            ("caOverlapInterval", written.CaOverlapInterval),
            ("ca.duration", written.Ca?.Duration),
            ("ca.renewBefore", written.Ca?.RenewBefore),
            ("server.duration", written.Server?.Duration),
            ("server.renewBefore", written.Server?.RenewBefore),
        ];
        var readable = true;
        foreach (var (field, text) in durations)
        {
            if (text is not null && !GoDuration.TryParse(text, out _))
            {
                errors.Add($"{Path}.{field}", $"'{text}' is not a duration", "Write it in hours, minutes and seconds, such as 168h or 1h30m.");
                readable = false;
            }
        }

        if (readable)
        {
            Fit(CertificateRotation.Read(written), written, errors);
        }
    }

    private static void Fit(CertificateRotation rotation, SelfSignedCertificates written, Errors errors)
    {
        var caDuration = written.CaRotateInterval is null ? "ca.duration" : "caRotateInterval";
        var caRenew = written.CaOverlapInterval is null ? "ca.renewBefore" : "caOverlapInterval";
        var serverDuration = written.CertRotateInterval is null ? "server.duration" : "certRotateInterval";
        Overlap(caDuration, rotation.CaDuration, caRenew, rotation.CaRenewBefore, errors);
        Overlap(serverDuration, rotation.ServerDuration, "server.renewBefore", rotation.ServerRenewBefore, errors);
        if (rotation.ServerDuration > rotation.CaDuration)
        {
            errors.Add(
                $"{Path}.{serverDuration}",
                $"must not be longer than {Path}.{caDuration}: {Text(rotation.ServerDuration)} is more than {Text(rotation.CaDuration)}",
                "No certificate outlives the authority that signed it; shorten the one or lengthen the other.");
        }
    }

    private static void Overlap(string durationField, TimeSpan duration, string renewField, TimeSpan renewBefore, Errors errors)
    {
        if (renewBefore >= duration)
        {
            errors.Add(
                $"{Path}.{renewField}",
                $"must be shorter than {Path}.{durationField}: {Text(renewBefore)} is not less than {Text(duration)}",
                "Otherwise each certificate would be replaced as soon as it is made.");
        }
        else if (renewBefore < LeastOverlap)
        {
            errors.Add(
                $"{Path}.{renewField}",
                $"must be at least {Text(LeastOverlap)}, not {Text(renewBefore)}",
                $"A certificate needs a successor while it is still valid. Without a value it is a fifth of {durationField}.");
        }
    }

    private static string Text(TimeSpan time) => GoDuration.Format(time);
}
