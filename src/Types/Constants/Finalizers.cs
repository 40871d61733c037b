namespace Godwit.Types;

/// <summary>Finalizers that hold an object until its affairs are in order.</summary>
public static class Finalizers
{
    public const string Vmi = "kubevirt.io/foregroundDeleteVirtualMachine";
    public const string VmiOld = "foregroundDeleteVirtualMachine";
    public const string Migration = "kubevirt.io/migrationJobFinalize";
}
