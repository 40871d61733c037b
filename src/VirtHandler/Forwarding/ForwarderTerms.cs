namespace Godwit.VirtHandler.Forwarding;

/// <summary>Whose flows a pod that the guest has left forwards, and for how long.</summary>
/// <param name="Namespace">The VMI's namespace.</param>
/// <param name="Name">The VMI's name.</param>
/// <param name="VmiUid">The VMI's UID.</param>
/// <param name="MigrationUid">The migration with which the guest left.</param>
/// <param name="Since">When it had left.</param>
/// <param name="Until">When what is still open is ended.</param>
/// <param name="DrainSeconds">How long it may go on once its node is to be emptied.</param>
/// <param name="Refused">Which flows could not be handed over, and why; null when all were.</param>
public sealed record ForwarderTerms(
    string Namespace, string Name, string VmiUid, string MigrationUid, DateTimeOffset Since, DateTimeOffset Until, long DrainSeconds, string? Refused = null);
