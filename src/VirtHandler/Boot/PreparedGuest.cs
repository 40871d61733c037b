using Godwit.Qemu;
using Godwit.VirtHandler.Disks;

namespace Godwit.VirtHandler.Boot;

/// <summary>A guest whose pod is ready for it: network wired, disks there, domain built but not yet given to the launcher.</summary>
public sealed record PreparedGuest(int LauncherPid, Domain Domain, IReadOnlyList<DiskImage> Disks, string? PodAddress);
