namespace Godwit.VirtHandler.Forwarding;

/// <summary>What is to be done, about which tunnel, and why.</summary>
/// <param name="Action">What is to be done.</param>
/// <param name="Reason">Why, for people.</param>
/// <param name="Tunnel">The tunnel that it is about; null when it is about none.</param>
public sealed record ForwarderPlan(ForwarderAction Action, string Reason, Tunnel? Tunnel = null);
