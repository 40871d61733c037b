namespace Godwit.Types;

/// <summary>When a virtual machine is to run.</summary>
public static class RunStrategies
{
    public const string Always = "Always";
    public const string Halted = "Halted";
    public const string Manual = "Manual";
    public const string RerunOnFailure = "RerunOnFailure";
    public const string Once = "Once";

    /// <summary>The receiver of a migration between clusters, which Godwit does not make.</summary>
    public const string WaitAsReceiver = "WaitAsReceiver";

    public static IReadOnlyList<string> All { get; } = [Always, Halted, Manual, RerunOnFailure, Once];

    /// <summary>The strategy of a virtual machine, whichever of the two fields says it.</summary>
    public static string Of(VirtualMachine vm) =>
        vm.Spec is { RunStrategy: { Length: > 0 } strategy } ? strategy : vm.Spec?.Running == true ? Always : Halted;
}
