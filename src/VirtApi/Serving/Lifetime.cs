using System.Security.Cryptography.X509Certificates;
using Godwit.Machinery;

namespace Godwit.VirtApi.Serving;

/// <summary>When certificates begin, end and are to be replaced.</summary>
internal static class Lifetime
{
    /// <summary>
    /// This part of its life at least passes before a certificate is replaced. It keeps the number of authorities that are trusted
    /// at a time small, whatever the settings.
    /// </summary>
    private const int LeastPart = 16;

    /// <summary>Certificates know whole seconds only, so a time that is read from one may be this much too early.</summary>
    public static readonly TimeSpan Rounding = TimeSpan.FromSeconds(1);

    /// <summary>Timers do not notice that a clock was changed, so the clock is looked at this often whatever happens.</summary>
    private static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(1);

    /// <summary>
    /// When a certificate is to be replaced. Settings that were changed since it was made hold for it as well: it counts as no
    /// longer valid than they say now.
    /// </summary>
    public static DateTimeOffset RenewalDue(X509Certificate2 certificate, TimeSpan duration, TimeSpan renewBefore)
    {
        var issued = CertificateAuthority.IssuedAt(certificate);
        var life = CertificateAuthority.End(certificate) - issued;
        life = life < duration ? life : duration;
        var due = issued + life - renewBefore;
        var earliest = issued + (life / LeastPart);
        return due < earliest ? earliest : due;
    }

    /// <summary>How long to wait for the first of some moments.</summary>
    public static TimeSpan Pause(DateTimeOffset now, params ReadOnlySpan<DateTimeOffset> moments)
    {
        var pause = LongestPause;
        foreach (var moment in moments)
        {
            pause = moment - now < pause ? moment - now : pause;
        }

        // What is due and has not happened waits for somebody else; asking all the time would not hasten it.
        return pause < Rounding ? Rounding : pause;
    }

    /// <summary>Why a certificate cannot be used at this time, in words that follow its name; null when it can.</summary>
    public static string? Fault(X509Certificate2 certificate, DateTimeOffset now)
    {
        if (now > CertificateAuthority.End(certificate))
        {
            return $"had ended at {CertificateAuthority.End(certificate):u}, and it is {now:u} now: virt-api did not run or could not write for that long, or a clock was changed";
        }

        return now < CertificateAuthority.Begin(certificate)
            ? $"begins at {CertificateAuthority.Begin(certificate):u}, and it is only {now:u} now: a clock was changed"
            : null;
    }
}
