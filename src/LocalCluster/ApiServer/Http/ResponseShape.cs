namespace Godwit.LocalCluster.ApiServer.Http;

/// <summary>The object itself, a table of it, or its metadata alone.</summary>
internal enum ResponseShape
{
    Object,
    Table,
    Metadata,
}
