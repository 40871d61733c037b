namespace Godwit.VirtController;

/// <summary>What the queue says to one migration.</summary>
/// <param name="HasSlot">It may begin, or has begun.</param>
/// <param name="HasInboundSlot">It may begin to arrive at the node of its target pod.</param>
/// <param name="FullNodes">Nodes at which as many migrations arrive as may.</param>
internal sealed record MigrationPlaces(bool HasSlot, bool HasInboundSlot, IReadOnlySet<string> FullNodes);
