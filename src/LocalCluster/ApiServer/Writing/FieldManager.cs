namespace Godwit.LocalCluster.ApiServer.Writing;

/// <summary>Who owns fields: a name, how they were set, in which version, through which subresource.</summary>
internal sealed record FieldManager(string Name, string Operation, string ApiVersion, string Subresource);
