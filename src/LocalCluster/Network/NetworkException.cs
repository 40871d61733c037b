namespace Godwit.LocalCluster.Network;

/// <summary>The cluster's network cannot be made as asked; the message names what is in the way and the remedy.</summary>
public sealed class NetworkException(string message) : Exception(message);
