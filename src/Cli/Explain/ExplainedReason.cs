namespace Godwit.Cli.Explain;

/// <summary>One reason why the VMI cannot move at all.</summary>
public sealed record ExplainedReason(string Reason, string Message, string Remedy);
