namespace Godwit.LocalCluster.Admission;

/// <summary>An expression has no value for these objects.</summary>
public sealed class ExpressionException(string message) : Exception(message);
