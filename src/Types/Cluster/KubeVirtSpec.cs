using System.Text.Json;

namespace Godwit.Types;

/// <summary>How the installation is to be.</summary>
public sealed record KubeVirtSpec : ApiPart
{
    public string? ImageTag { get; init; }

    public string? ImageRegistry { get; init; }

    public string? ImagePullPolicy { get; init; }

    public IReadOnlyList<LocalObjectReference>? ImagePullSecrets { get; init; }

    public string? MonitorNamespace { get; init; }

    public string? ServiceMonitorNamespace { get; init; }

    public string? MonitorAccount { get; init; }

    public JsonElement? WorkloadUpdateStrategy { get; init; }

    public string? UninstallStrategy { get; init; }

    public CertificateRotateStrategy? CertificateRotateStrategy { get; init; }

    public string? ProductName { get; init; }

    public string? ProductVersion { get; init; }

    public string? ProductComponent { get; init; }

    public JsonElement? Infra { get; init; }

    public JsonElement? Workloads { get; init; }

    public JsonElement? CustomizeComponents { get; init; }

    public KubeVirtConfiguration? Configuration { get; init; }
}
