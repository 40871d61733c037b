using System.Text;
using System.Text.Json;
using Godwit.Simulation.Time;

namespace Godwit.Simulation.Qemu;

/// <summary>One monitor socket of a machine. It serves one client at a time: a second one connects, but is not greeted before the first has gone.</summary>
internal sealed class MonitorPort(VirtualClock clock, Machine machine)
{
    private const string Greeting =
        "{\"QMP\":{\"version\":{\"qemu\":{\"micro\":2,\"minor\":0,\"major\":10},\"package\":\"\"},\"capabilities\":[\"oob\"]}}\n";

    private readonly Queue<Connection> _waiting = new();
    private Connection? _served;
    private long _last;

    /// <summary>A client connects; <paramref name="alive"/> says whether its process still lives.</summary>
    public Stream Connect(Func<bool> alive)
    {
        var connection = new Connection(this, alive);
        _waiting.Enqueue(connection);
        clock.After(0.0003, ServeNext);
        return connection.Stream;
    }

    public void Event(string line)
    {
        if (_served is { Negotiated: true } served)
        {
            clock.After(0.0001, () => served.Send(line));
        }
    }

    /// <summary>The process of a client was killed: the kernel closes its end.</summary>
    public void DropDead()
    {
        if (_served is { } served && !served.IsAlive())
        {
            Closed(served);
        }
    }

    public void End()
    {
        foreach (var connection in _waiting.Append(_served).OfType<Connection>())
        {
            clock.After(0.0001, connection.End);
        }

        _waiting.Clear();
        _served = null;
    }

    private void ServeNext()
    {
        while (_served is null && _waiting.TryDequeue(out var next))
        {
            if (next.IsAlive() && machine.IsAlive)
            {
                _served = next;
                next.Send(Greeting);
            }
        }
    }

    private void Closed(Connection connection)
    {
        if (ReferenceEquals(_served, connection))
        {
            _served = null;
            clock.After(0.0002, ServeNext);
        }
    }

    private void Take(Connection connection, ReadOnlyMemory<byte> line)
    {
        using var document = JsonDocument.Parse(line);
        var root = document.RootElement;
        var id = root.GetProperty("id").GetInt64();
        var outOfBand = root.TryGetProperty("exec-oob", out var name);
        var command = (outOfBand ? name : root.GetProperty("execute")).GetString()!;
        var arguments = root.TryGetProperty("arguments", out var a) ? a.Clone() : default;
        if (command == "qmp_capabilities")
        {
            connection.Negotiated = true;
            connection.Answer(id, "{}");
            return;
        }

        var work = new Command(command, arguments, reply => connection.Answer(id, reply), error => connection.Refuse(id, error));
        if (outOfBand)
        {
            clock.After(0.0004, () => machine.Execute(work, outOfBand: true));
            return;
        }

        // One after another.
        _last = Math.Max(_last + 1, clock.Ticks + machine.CommandDelay().Ticks);
        clock.At(_last, () => machine.Execute(work, outOfBand: false));
    }

    private sealed class Connection
    {
        private readonly MonitorPort _port;
        private readonly Func<bool> _alive;
        private bool _closed;

        public Connection(MonitorPort port, Func<bool> alive)
        {
            _port = port;
            _alive = alive;
            Stream = new Bytes(Write, Close);
        }

        public Bytes Stream { get; }

        public bool Negotiated { get; set; }

        public bool IsAlive() => !_closed && _alive();

        public void Send(string text)
        {
            if (IsAlive())
            {
                Stream.Arrive(Encoding.UTF8.GetBytes(text));
            }
        }

        public void End()
        {
            if (IsAlive())
            {
                Stream.End();
            }
        }

        public void Answer(long id, string reply) => Later($"{{\"return\":{reply},\"id\":{id}}}\n");

        public void Refuse(long id, string error) =>
            Later($"{{\"error\":{{\"class\":\"GenericError\",\"desc\":{JsonSerializer.Serialize(error)}}},\"id\":{id}}}\n");

        private void Later(string line) => _port.Clock.After(0.0001, () => Send(line));

        // Each write of a client is one line.
        private void Write(ReadOnlyMemory<byte> line)
        {
            if (_port.Machine.IsAlive)
            {
                _port.Take(this, line.ToArray());
            }
        }

        private void Close()
        {
            _closed = true;
            _port.Closed(this);
        }
    }

    private VirtualClock Clock => clock;

    private Machine Machine => machine;
}
