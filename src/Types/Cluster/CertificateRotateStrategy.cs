namespace Godwit.Types;

/// <summary>How the certificates of the components are renewed.</summary>
public sealed record CertificateRotateStrategy : ApiPart
{
    public SelfSignedCertificates? SelfSigned { get; init; }
}
