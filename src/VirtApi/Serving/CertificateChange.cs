namespace Godwit.VirtApi.Serving;

/// <summary>One certificate that is made, or put to use, and why; for the log.</summary>
/// <param name="Certificate">Which one, in words.</param>
/// <param name="Until">The end of its validity.</param>
/// <param name="Why">The reason, in words that follow a colon.</param>
/// <param name="IsRepair">It should not have come to this: something that was in use had stopped working.</param>
public sealed record CertificateChange(string Certificate, DateTimeOffset Until, string Why, bool IsRepair = false);
