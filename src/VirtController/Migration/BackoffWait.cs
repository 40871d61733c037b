using System.Globalization;

namespace Godwit.VirtController;

/// <summary>How long, and why, a migration that nobody asked for in person holds back.</summary>
/// <param name="Left">What is left of the wait.</param>
/// <param name="Until">When the next attempt comes.</param>
/// <param name="Failures">Attempts that failed in a row.</param>
/// <param name="Cause">Why the last one did.</param>
/// <param name="Reason">What is on record about it.</param>
public sealed record BackoffWait(TimeSpan Left, DateTimeOffset Until, int Failures, FailureCause Cause, string? Reason)
{
    /// <summary>In words, the same for as long as the wait lasts.</summary>
    public override string ToString()
    {
        var attempts = Failures == 1 ? "the last attempt failed" : $"the last {Failures} attempts failed";
        var cause = Cause == FailureCause.Other ? "" : $", as {FailureCauses.Words(Cause)}";
        var reason = string.IsNullOrEmpty(Reason) ? "" : $" ({Reason})";
        return string.Create(CultureInfo.InvariantCulture, $"{attempts}{cause}{reason}; the next one comes at {Until.UtcDateTime:yyyy-MM-dd'T'HH:mm:ss'Z'}");
    }
}
