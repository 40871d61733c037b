using System.Text.Json;

namespace Godwit.Types;

/// <summary>Platform features of the guest.</summary>
public sealed record FeaturesSpec : ApiPart
{
    public FeatureState? Acpi { get; init; }

    public FeatureApic? Apic { get; init; }

    public JsonElement? Hyperv { get; init; }

    public FeatureState? HypervPassthrough { get; init; }

    public FeatureState? Smm { get; init; }

    public FeatureKvm? Kvm { get; init; }

    public FeatureState? Pvspinlock { get; init; }
}
