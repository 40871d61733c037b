using Godwit.Machinery;
using Microsoft.Extensions.Logging;

namespace Godwit.VirtApi.Serving;

/// <summary>A line in the log for each certificate that is made or put to use.</summary>
internal static partial class CertificateLog
{
    public static void Write(ILogger logger, NamespacedName secret, IEnumerable<CertificateChange> changes)
    {
        foreach (var change in changes)
        {
            if (change.IsRepair)
            {
                LogRepaired(logger, secret, change.Certificate, change.Until, change.Why);
            }
            else
            {
                LogRenewed(logger, secret, change.Certificate, change.Until, change.Why);
            }
        }
    }

    [LoggerMessage(310, LogLevel.Information, "Secret {Secret} has a new version of {Certificate}, valid until {Until:u}: {Why}")]
    private static partial void LogRenewed(ILogger logger, NamespacedName secret, string certificate, DateTimeOffset until, string why);

    [LoggerMessage(311, LogLevel.Warning, "Secret {Secret} was mended with a new version of {Certificate}, valid until {Until:u}: {Why}")]
    private static partial void LogRepaired(ILogger logger, NamespacedName secret, string certificate, DateTimeOffset until, string why);
}
