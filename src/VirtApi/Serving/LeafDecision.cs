using Godwit.Machinery;

namespace Godwit.VirtApi.Serving;

/// <summary>A certificate that an authority signs, as it should be.</summary>
/// <param name="Pair">The very same object as before when nothing is to be done.</param>
/// <param name="Change">What differs, for the log; null when nothing does.</param>
/// <param name="Due">When it is to be replaced next.</param>
public sealed record LeafDecision(CertificatePair Pair, CertificateChange? Change, DateTimeOffset Due);
