namespace Godwit.LocalCluster.ApiServer.Protobuf;

/// <summary>One field of a message.</summary>
/// <param name="Number">Its number.</param>
/// <param name="Name">Its name in JSON; empty when the message's fields stand among those of its owner.</param>
/// <param name="Type">A scalar or a message.</param>
/// <param name="Repeated">It is a list.</param>
/// <param name="Map">It is a map by strings.</param>
/// <param name="OmitsZero">Zero and false mean that it is not set.</param>
internal sealed record ProtobufField(int Number, string Name, string Type, bool Repeated, bool Map, bool OmitsZero);
