namespace Godwit.Simulation.Api;

/// <summary>One process as the API server sees it.</summary>
internal sealed record Client(string Name, Func<bool> IsAlive, Link Link);
