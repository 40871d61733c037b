using Godwit.Qemu;
using Godwit.VirtHandler.Host;

namespace Godwit.VirtHandler.Forwarding;

/// <summary>A pod's tunnels, in its folder: an agent that comes back takes them up from here, and finds what has to be removed.</summary>
public sealed record ForwardingState
{
    /// <summary>Root's own folder in the pod's.</summary>
    public const string Folder = "forwarding";

    private const string File = "state.json";

    /// <summary>To where the guest is or is about to be; the one in use first.</summary>
    public IReadOnlyList<Tunnel> Outgoing { get; init; } = [];

    /// <summary>From pods that the guest has left, the newest last.</summary>
    public IReadOnlyList<Tunnel> Incoming { get; init; } = [];

    /// <summary>Set when the guest has left this pod and the pod has stayed for its flows.</summary>
    public ForwarderTerms? Terms { get; init; }

    public bool IsEmpty => Outgoing.Count == 0 && Incoming.Count == 0 && Terms is null;

    public static bool IsIn(string podFolder) => System.IO.File.Exists($"{podFolder}/{Folder}/{File}");

    public static ForwardingState Read(string podFolder) =>
        AtomicFile.Read($"{podFolder}/{Folder}/{File}", ForwardingJson.Default.ForwardingState) ?? new ForwardingState();

    public void Write(string podFolder)
    {
        var folder = PodFolder.Own(podFolder, Folder);
        if (IsEmpty)
        {
            System.IO.File.Delete($"{folder}/{File}");
        }
        else
        {
            AtomicFile.Write($"{folder}/{File}", this, ForwardingJson.Default.ForwardingState);
        }
    }
}
