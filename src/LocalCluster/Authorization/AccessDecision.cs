namespace Godwit.LocalCluster.Authorization;

/// <summary>Whether somebody may do something.</summary>
/// <param name="Allowed">Nobody is ever told no for good: what no role allows is not allowed.</param>
/// <param name="Reason">Which binding allows it, or what was wrong with bindings that might have; often empty.</param>
public readonly record struct AccessDecision(bool Allowed, string Reason);
