using System.Net;

namespace Godwit.VirtHandler.Forwarding.Kernel;

/// <summary>
/// The connection table of one pod, over one ctnetlink socket. A listing costs the kernel 6-10 ms also when it is empty, as it walks a table
/// that all pods of the node share; writing costs about 1.5 microseconds a flow. For any thread; calls take turns.
/// </summary>
public sealed class ConntrackSocket : IDisposable
{
    /// <summary>The kernel is asked for this many bytes at once.</summary>
    private const int BatchLength = 60_000;
    private const int LongestRequest = 512;

    private readonly NetlinkSocket _netlink;
    private readonly NetlinkWriter _requests = new(BatchLength + LongestRequest);
    private readonly Lock _turn = new();

    internal ConntrackSocket(NetlinkSocket netlink) => _netlink = netlink;

    private delegate void RequestWriter<T>(NetlinkWriter writer, in T item);

    public void Dispose() => _netlink.Dispose();

    /// <summary>
    /// The flows of the guest, as the guest sees them. Those that end in the pod itself (DHCP, port-forward from 127.0.0.1, and what is neither
    /// translated nor marked) are left out: they cannot go with the guest.
    /// </summary>
    /// <param name="guest">The guest's IPv4 address in the pod.</param>
    /// <exception cref="KernelException">The kernel refuses or does not answer, or its table changed too much to be listed, three times.</exception>
    public IReadOnlyList<ConntrackEntry> Dump(IPAddress guest)
    {
        var address = FlowTuple.Number(guest);
        var entries = new List<ConntrackEntry>();
        lock (_turn)
        {
            _netlink.Dump(
                _requests,
                requests =>
                {
                    entries.Clear();
                    ConntrackMessage.WriteDump(requests);
                },
                "the pod's connections cannot be listed",
                message =>
                {
                    if (message.Type == ConntrackMessage.New && ConntrackMessage.Read(message.Payload)?.SeenBy(address) is { } entry)
                    {
                        entries.Add(entry);
                    }
                });
        }

        return entries;
    }

    /// <summary>
    /// Makes flows in the table, or changes those that are there. The kernel cannot take back that a flow was answered or is assured:
    /// such an entry must be deleted first (see <see cref="ConntrackDelta"/>).
    /// </summary>
    /// <returns>How many were taken; a full table is told here, not thrown.</returns>
    /// <exception cref="KernelException">The agent may not, or the kernel does not answer within 5 s.</exception>
    public WriteOutcome Write(IReadOnlyList<ConntrackEntry> entries)
    {
        lock (_turn)
        {
            string? first = null;
            var refused = Send(entries, ConntrackMessage.WriteNew, "connections cannot be written", (entry, error) =>
                first ??= KernelException.Of(entry.Tuple.ToString(), error).Message);
            return new WriteOutcome(entries.Count - refused, refused, first);
        }
    }

    /// <summary>Deletes flows, by the direction in which they began.</summary>
    /// <returns>How many were there.</returns>
    /// <exception cref="KernelException">The agent may not, or the kernel does not answer within 5 s.</exception>
    public int Delete(IReadOnlyList<ConntrackEntry> entries)
    {
        lock (_turn)
        {
            return entries.Count - Send(
                entries,
                (NetlinkWriter writer, in ConntrackEntry entry) => ConntrackMessage.WriteDelete(writer, entry.Tuple),
                "connections cannot be deleted",
                (entry, error) => RequireGone(entry.Tuple.ToString(), error));
        }
    }

    /// <summary>Deletes all flows that carry a mark, of whatever protocol.</summary>
    /// <param name="mark">The mark.</param>
    /// <param name="mask">Which bits of a flow's mark have to be equal; not 0.</param>
    /// <returns>How many there were.</returns>
    /// <exception cref="KernelException">The agent may not, or the kernel does not answer within 5 s.</exception>
    public int DeleteByMark(uint mark, uint mask)
    {
        ArgumentOutOfRangeException.ThrowIfZero(mask);
        var tuples = new List<byte[]>();
        lock (_turn)
        {
            _netlink.Dump(
                _requests,
                requests =>
                {
                    tuples.Clear();
                    ConntrackMessage.WriteDump(requests, mark, mask);
                },
                "the pod's marked connections cannot be listed",
                message =>
                {
                    if (message.Type == ConntrackMessage.New && ConntrackMessage.ReadMark(message.Payload) is var (own, tuple) && (own & mask) == mark)
                    {
                        tuples.Add(tuple);
                    }
                });
            return tuples.Count - Send(
                tuples,
                (NetlinkWriter writer, in byte[] tuple) => ConntrackMessage.WriteDelete(writer, tuple),
                "marked connections cannot be deleted",
                (_, error) => RequireGone("a marked connection cannot be deleted", error));
        }
    }

    private static void RequireGone(string what, int error)
    {
        if (error != Libc.NoEntry)
        {
            throw KernelException.Of(what, error);
        }
    }

    /// <summary>Sends a request for each, many at once.</summary>
    /// <returns>How many the kernel refused.</returns>
    private int Send<T>(IReadOnlyList<T> items, RequestWriter<T> write, string what, Action<T, int> refused)
    {
        var (count, next) = (0, 0);
        while (next < items.Count)
        {
            var start = next;
            _requests.Clear();
            while (next < items.Count && _requests.Length < BatchLength)
            {
                write(_requests, items[next++]);
            }

            // Errors come unasked. The answer to the last request says that there will be no more of them.
            _requests.AcknowledgeLast();
            var first = _requests.Sequence - (uint)_requests.Count + 1;
            List<(int Item, int Error)> errors = [];
            var last = _netlink.Ask(_requests, what, message =>
            {
                if (message.Type == NetlinkMessage.Error && NetlinkSocket.ErrorOf(message) is var error and not 0)
                {
                    errors.Add((start + (int)(message.Sequence - first), error));
                }
            });
            if (last != 0)
            {
                errors.Add((next - 1, last));
            }

            count += errors.Count;
            errors.ForEach(e => refused(items[e.Item], e.Error));
        }

        return count;
    }
}
