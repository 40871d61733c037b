namespace Godwit.Perf;

/// <summary>What one move by hand took.</summary>
internal sealed record BareHop(double TotalMs, double CopyMs, double FlowMs, double PauseMs, double DowntimeMs, long Bytes);
