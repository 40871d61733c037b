using System.Text.Json.Nodes;
using Godwit.LocalCluster.Store;
using Godwit.Machinery;

namespace Godwit.LocalCluster.ApiServer.BuiltIn;

/// <summary>Gives out ports of services on the nodes; what is taken is what services in the store have.</summary>
internal sealed class NodePorts
{
    private const int First = 30000;
    private const int Last = 32767;

    private readonly Lock _gate = new();
    private readonly HashSet<int> _taken = [];

    public void Load(StoreSnapshot snapshot)
    {
        foreach (var port in snapshot.List("services").SelectMany(static s => Of(s.ToJsonObject())))
        {
            _taken.Add(port);
        }
    }

    /// <summary>The node ports that a service has.</summary>
    public static IEnumerable<int> Of(JsonObject service) =>
        (service.At("spec", "ports") as JsonArray ?? [])
            .Select(static p => (int)(p.Integer("nodePort") ?? 0)).Where(static p => p > 0);

    /// <summary>A free port, picked at random as a real server does; null when there is none.</summary>
    public int? Take()
    {
        lock (_gate)
        {
            var free = Enumerable.Range(First, Last - First + 1).Where(p => !_taken.Contains(p)).ToList();
            if (free.Count == 0)
            {
                return null;
            }

            var port = free[Random.Shared.Next(free.Count)];
            _taken.Add(port);
            return port;
        }
    }

    /// <summary>Takes an asked-for port; null on success, else why not.</summary>
    public string? Take(int port)
    {
        if (port is < First or > Last)
        {
            return $"provided port is not in the valid range. The range of valid ports is {First}-{Last}";
        }

        lock (_gate)
        {
            return _taken.Add(port) ? null : "provided port is already allocated";
        }
    }

    public void Release(IEnumerable<int> ports)
    {
        lock (_gate)
        {
            _taken.ExceptWith(ports);
        }
    }
}
