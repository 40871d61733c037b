using System.Text;
using Godwit.Machinery;
using Godwit.Simulation.Time;

namespace Godwit.Simulation.Api;

/// <summary>One watch: what it selects, and the way to its client.</summary>
internal sealed class Watcher(VirtualClock clock, Client client, LabelSelector labels, FieldSelector fields, string? @namespace)
{
    private long _last;

    public Client Client => client;

    public Bytes Stream { get; } = new();

    public bool Ended { get; private set; }

    public bool Selects(Stored? stored) => stored is not null
        && (@namespace is null || stored.Document.Namespace() == @namespace)
        && labels.Matches(stored.Document.Labels())
        && fields.Matches(stored.Document);

    public void Tell(Happening change)
    {
        var (before, after) = (Selects(change.Before), Selects(change.After));
        if (!before && !after)
        {
            return;
        }

        var type = (before, after) switch
        {
            (false, true) => "ADDED",
            (true, true) => "MODIFIED",
            _ => "DELETED",
        };
        var text = (after ? change.After : change.Before)!.Text;
        // An object that is gone, or selected no more, is told with the version at which that happened.
        Send(Line(type, after ? text : Retold(change)));
    }

    public void Fail(string status) => Send(Line("ERROR", Encoding.UTF8.GetBytes(status)));

    /// <summary>The server ends the watch in order, or the connection breaks.</summary>
    public void End(bool broken)
    {
        if (Ended)
        {
            return;
        }

        Ended = true;
        if (broken)
        {
            Stream.End(new IOException("the connection was reset"));
        }
        else
        {
            Deliver(() => Stream.End());
        }
    }

    private void Send(ReadOnlyMemory<byte> line)
    {
        var copies = client.Link.RepeatsEvents() ? 2 : 1;
        for (var i = 0; i < copies; i++)
        {
            Deliver(() => Stream.Arrive(line));
        }
    }

    // A watch never changes the order of its own events, but two watches may be far apart.
    private void Deliver(Action action)
    {
        _last = Math.Max(_last, clock.Ticks + client.Link.EventDelay().Ticks);
        clock.At(_last, () =>
        {
            if (client.IsAlive())
            {
                action();
            }
        });
    }

    private static byte[] Retold(Happening change)
    {
        var document = (change.After ?? change.Before)!.Document.Clone();
        document.Ensure("metadata")["resourceVersion"] = $"{change.Version}";
        return Json.Bytes(document);
    }

    private static byte[] Line(string type, ReadOnlySpan<byte> text)
    {
        var head = Encoding.UTF8.GetBytes($"{{\"type\":\"{type}\",\"object\":");
        var line = new byte[head.Length + text.Length + 2];
        head.CopyTo(line, 0);
        text.CopyTo(line.AsSpan(head.Length));
        "}\n"u8.CopyTo(line.AsSpan(head.Length + text.Length));
        return line;
    }
}
