namespace Godwit.VirtApi.Serving;

/// <summary>The certificates as they should be.</summary>
/// <param name="Material">The very same object as before when nothing is to be done.</param>
/// <param name="Changes">What differs, for the log.</param>
/// <param name="Again">When to decide again, at the latest.</param>
public sealed record CertificateDecision(CertificateMaterial Material, IReadOnlyList<CertificateChange> Changes, TimeSpan Again);
