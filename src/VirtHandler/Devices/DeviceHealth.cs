using System.Collections.Concurrent;
using Godwit.Machinery;
using Godwit.Types;

namespace Godwit.VirtHandler.Devices;

/// <summary>
/// Which devices can be given to guests. A device is healthy while its node exists; /dev/kvm only once it has run a guest, for on
/// some hosts it opens and runs none, and a pod that asks for it must not be placed there.
/// </summary>
public sealed class DeviceHealth
{
    private readonly ConcurrentDictionary<string, bool> _present = new(StringComparer.Ordinal);
    private volatile bool _kvmRuns;

    /// <summary>Raised with every change.</summary>
    public ChangeSignal Changed { get; } = new();

    public bool IsHealthy(NodeDevice device)
    {
        ArgumentNullException.ThrowIfNull(device);
        return _present.GetValueOrDefault(device.Resource) && (device.Resource != Launcher.KvmDevice || _kvmRuns);
    }

    /// <summary>Notes whether a device node exists; says whether that is news.</summary>
    public bool Saw(NodeDevice device, bool present)
    {
        ArgumentNullException.ThrowIfNull(device);
        var known = _present.TryGetValue(device.Resource, out var before);
        _present[device.Resource] = present;
        if (known && before == present)
        {
            return false;
        }

        Changed.Raise();
        return true;
    }

    /// <summary>Notes that a guest ran, or did not, by /dev/kvm.</summary>
    public void Tried(bool kvmRuns)
    {
        _kvmRuns = kvmRuns;
        Changed.Raise();
    }
}
