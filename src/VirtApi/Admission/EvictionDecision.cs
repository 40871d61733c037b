namespace Godwit.VirtApi.Admission;

/// <summary>What to do about an eviction: let it be, refuse it, or mark the VMI so that it moves, and then refuse it.</summary>
/// <param name="Refusal">The message; null: the eviction may go on.</param>
/// <param name="MarkNode">The node that the VMI is to leave; null: nothing is marked.</param>
public sealed record EvictionDecision(string? Refusal, string? MarkNode = null)
{
    /// <summary>Not our business, or nothing that could be saved.</summary>
    public static EvictionDecision Allow { get; } = new(Refusal: null);
}
