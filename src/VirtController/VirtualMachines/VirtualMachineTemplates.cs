using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using Godwit.Types;

namespace Godwit.VirtController;

/// <summary>What is made from the templates of virtual machines. Pure.</summary>
internal static class VirtualMachineTemplates
{
    private const int DigestLength = 16;

    public static VirtualMachineInstance Vmi(VirtualMachine vm, bool paused)
    {
        var template = vm.Spec!.Template!;
        var spec = Spec(vm);
        return new VirtualMachineInstance
        {
            ApiVersion = Kinds.VirtualMachineInstance.ApiVersion,
            Kind = Kinds.VirtualMachineInstance.Kind,
            Metadata = new ObjectMeta
            {
                Name = vm.Metadata.Name,
                Namespace = vm.Metadata.Namespace,
                Labels = template.Metadata?.Labels,
                Annotations = (template.Metadata?.Annotations)
                    .With(Annotations.VmGeneration, Generation(vm))
                    .With(Annotations.TemplateDigest, Digest(vm)),
                OwnerReferences = [Owner(vm)],
            },
            Spec = paused ? spec with { StartStrategy = StateChangeRequests.StartStrategyPaused } : spec,
        };
    }

    public static OwnerReference Owner(VirtualMachine vm) => new()
    {
        ApiVersion = Kinds.VirtualMachine.ApiVersion,
        Kind = Kinds.VirtualMachine.Kind,
        Name = vm.Metadata.Name,
        Uid = vm.Metadata.Uid,
        Controller = true,
        BlockOwnerDeletion = true,
    };

    /// <summary>What changes when the spec that VMIs are made from does.</summary>
    public static string Digest(VirtualMachine vm) => Convert.ToHexStringLower(SHA256.HashData(
        JsonSerializer.SerializeToUtf8Bytes(Spec(vm), TypesJson.Default.VirtualMachineInstanceSpec)))[..DigestLength];

    private static VirtualMachineInstanceSpec Spec(VirtualMachine vm) => VirtualMachineDefaults.WithFirmwareUuid(
        vm.Spec?.Template?.Spec ?? new VirtualMachineInstanceSpec(), vm.Metadata.Name ?? "");

    private static string Generation(VirtualMachine vm) => (vm.Metadata.Generation ?? 0).ToString(CultureInfo.InvariantCulture);
}
