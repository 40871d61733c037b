namespace Godwit.Types;

/// <summary>Finalizers that hold an object until its affairs are in order.</summary>
public static class Finalizers
{
    public const string Vmi = "kubevirt.io/foregroundDeleteVirtualMachine";
    public const string VmiOld = "foregroundDeleteVirtualMachine";
    public const string Vm = "kubevirt.io/virtualMachineControllerFinalize";

    /// <summary>Kubernetes' own: dependents are to be left behind.</summary>
    public const string Orphan = "orphan";
    public const string Migration = "kubevirt.io/migrationJobFinalize";
}
