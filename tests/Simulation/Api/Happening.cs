namespace Godwit.Simulation.Api;

/// <summary>One change of a kind's objects, as watches tell it.</summary>
internal sealed record Happening(long Version, Stored? Before, Stored? After);
