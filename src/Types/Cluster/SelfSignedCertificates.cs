namespace Godwit.Types;

/// <summary>Lives of certificates that come from the installation's own authority, as durations such as 168h.</summary>
public sealed record SelfSignedCertificates : ApiPart
{
    /// <summary>The authority.</summary>
    public CertificateLife? Ca { get; init; }

    /// <summary>What the authority signs.</summary>
    public CertificateLife? Server { get; init; }

    /// <summary>Former name of ca.duration.</summary>
    public string? CaRotateInterval { get; init; }

    /// <summary>Former name of server.duration.</summary>
    public string? CertRotateInterval { get; init; }

    /// <summary>Former name of ca.renewBefore.</summary>
    public string? CaOverlapInterval { get; init; }
}
