namespace Godwit.Cli.Install;

/// <summary>Something that is in the way.</summary>
/// <param name="What">What it is.</param>
/// <param name="Remedy">What to do about it.</param>
public sealed record InstallProblem(string What, string Remedy);
