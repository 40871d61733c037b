using System.Text.RegularExpressions;

namespace Godwit.LocalCluster.Schema;

/// <summary>Bounds on a value, and the combinations of further schemas. Most nodes have none.</summary>
public sealed record ValueRules
{
    public static readonly ValueRules None = new();

    public double? Minimum { get; init; }

    public double? Maximum { get; init; }

    public bool ExclusiveMinimum { get; init; }

    public bool ExclusiveMaximum { get; init; }

    public double? MultipleOf { get; init; }

    public long? MinLength { get; init; }

    public long? MaxLength { get; init; }

    public long? MinItems { get; init; }

    public long? MaxItems { get; init; }

    public long? MinProperties { get; init; }

    public long? MaxProperties { get; init; }

    /// <summary>As the schema writes it.</summary>
    public string? Pattern { get; init; }

    public Regex? CompiledPattern { get; init; }

    public IReadOnlyList<StructuralSchema> AllOf { get; init; } = [];

    public IReadOnlyList<StructuralSchema> AnyOf { get; init; } = [];

    public IReadOnlyList<StructuralSchema> OneOf { get; init; } = [];

    public StructuralSchema? Not { get; init; }
}
