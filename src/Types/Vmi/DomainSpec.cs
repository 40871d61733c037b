using System.Text.Json;

namespace Godwit.Types;

/// <summary>The machine as the guest sees it.</summary>
public sealed record DomainSpec : ApiPart
{
    public DomainResources? Resources { get; init; }

    public CpuSpec? Cpu { get; init; }

    public MemorySpec? Memory { get; init; }

    public MachineSpec? Machine { get; init; }

    public FirmwareSpec? Firmware { get; init; }

    public ClockSpec? Clock { get; init; }

    public FeaturesSpec? Features { get; init; }

    public DevicesSpec? Devices { get; init; }

    public string? IoThreadsPolicy { get; init; }

    public JsonElement? IoThreads { get; init; }

    public ChassisSpec? Chassis { get; init; }

    public JsonElement? LaunchSecurity { get; init; }

    public string? RebootPolicy { get; init; }
}
