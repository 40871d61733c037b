namespace Godwit.Cli.Explain;

/// <summary>One node, and everything that speaks against it.</summary>
public sealed record ExplainedNode(string Name, bool Fits, IReadOnlyList<string> Reasons);
