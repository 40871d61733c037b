namespace Godwit.VirtHandler.Migration;

/// <summary>How far a migration is, and the least and most seconds that are left; most is null when nothing tells.</summary>
public sealed record ProgressReport(int Percent, double? EtaMinSeconds, double? EtaMaxSeconds);
