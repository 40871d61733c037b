namespace Godwit.LocalCluster.ApiServer.Protobuf;

/// <summary>One field of a message.</summary>
internal sealed record ProtobufField(int Number, string Name, string Type, bool Repeated, bool Map);
