using Godwit.Qemu;

namespace Godwit.VirtHandler.Node;

/// <summary>What this node's QEMU can do, found out once at start.</summary>
public sealed record NodeFacts(string Name, string QemuBinary, AcceleratorInfo Accelerator, QemuCapabilities Capabilities);
