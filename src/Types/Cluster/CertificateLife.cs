namespace Godwit.Types;

/// <summary>How long a certificate is valid, and how long before its end its successor is made.</summary>
public sealed record CertificateLife : ApiPart
{
    /// <summary>From issue to end, such as 24h.</summary>
    public string? Duration { get; init; }

    /// <summary>Time before the end, such as 4h48m; a fifth of the duration when it is not set.</summary>
    public string? RenewBefore { get; init; }
}
