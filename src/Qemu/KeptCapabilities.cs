namespace Godwit.Qemu;

/// <summary><see cref="QemuCapabilities"/> as kept in a file, with what they depend on.</summary>
public sealed record KeptCapabilities(string Key, QemuVersionText Qemu, string[] MachineTypes, string[] CpuModels);
