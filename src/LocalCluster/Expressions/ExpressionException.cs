namespace Godwit.LocalCluster.Expressions;

/// <summary>An expression has no value for these objects.</summary>
public sealed class ExpressionException(string message) : Exception(message);
