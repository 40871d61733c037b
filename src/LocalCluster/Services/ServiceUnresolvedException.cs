namespace Godwit.LocalCluster.Services;

/// <summary>A service leads nowhere now; the message says why.</summary>
public sealed class ServiceUnresolvedException(string message) : IOException(message);
