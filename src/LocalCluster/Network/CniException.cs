namespace Godwit.LocalCluster.Network;

/// <summary>A CNI plug-in refused.</summary>
public sealed class CniException(string command, string podNamespace, string reason)
    : Exception($"CNI {command} for network namespace {podNamespace} failed: {reason}");
