namespace Godwit.LocalCluster.ApiServer.Resources;

/// <summary>One version of a resource: what differs from version to version.</summary>
public sealed record ResourceVersionInfo
{
    public required string Name { get; init; }

    public bool Served { get; init; } = true;

    /// <summary>Exactly one version of a resource is written to the store.</summary>
    public bool Storage { get; init; }

    /// <summary>Sent as a Warning header on every request when set.</summary>
    public string? DeprecationWarning { get; init; }

    /// <summary>Null: everything is accepted and kept as it is.</summary>
    public ISchemaProvider? Schema { get; init; }

    public bool HasStatus { get; init; }

    public ScaleSubresource? Scale { get; init; }

    /// <summary>Columns of the server-side table after NAME; AGE must be among them when it is wanted.</summary>
    public IReadOnlyList<TableColumn> Columns { get; init; } = [TableColumn.Age];

    /// <summary>Fields, besides name and namespace, that a field selector may name: <c>spec.nodeName</c>.</summary>
    public IReadOnlyList<string> SelectableFields { get; init; } = [];
}
