using System.Net;
using Godwit.LocalCluster.Store;

namespace Godwit.LocalCluster.ApiServer.BuiltIn;

/// <summary>Gives out addresses of services from the service range; what is taken is what services in the store have.</summary>
internal sealed class ServiceAddresses(string cidr)
{
    private readonly IPNetwork _network = IPNetwork.Parse(cidr);
    private readonly Lock _gate = new();
    private readonly HashSet<uint> _taken = [];
    private uint _next = 10;

    /// <summary>The first address, that of the API server itself.</summary>
    public string First => Text(Base + 1);

    private uint Base => Number(_network.BaseAddress);

    private uint Size => 1u << (32 - _network.PrefixLength);

    public void Load(StoreSnapshot snapshot)
    {
        foreach (var service in snapshot.List("services"))
        {
            var address = ResourceOperations.Text(service.ToJsonObject(), "spec", "clusterIP");
            if (IPAddress.TryParse(address, out var ip))
            {
                _taken.Add(Number(ip));
            }
        }
    }

    /// <summary>A free address; null when the range is used up.</summary>
    public string? Take()
    {
        lock (_gate)
        {
            for (var tries = 0u; tries < Size - 2; tries++)
            {
                var candidate = Base + 1 + ((_next + tries) % (Size - 2));
                if (_taken.Add(candidate))
                {
                    _next += tries + 1;
                    return Text(candidate);
                }
            }

            return null;
        }
    }

    /// <summary>Takes an asked-for address; null on success, else why not.</summary>
    public string? Take(string address)
    {
        if (!IPAddress.TryParse(address, out var ip) || ip.AddressFamily != System.Net.Sockets.AddressFamily.InterNetwork)
        {
            return "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)";
        }

        if (!_network.Contains(ip))
        {
            return $"failed to allocate IP {address}: the provided IP ({address}) is not in the valid range. The range of valid IPs is {_network}";
        }

        lock (_gate)
        {
            return _taken.Add(Number(ip)) ? null : $"failed to allocate IP {address}: provided IP is already allocated";
        }
    }

    public void Release(string address)
    {
        if (IPAddress.TryParse(address, out var ip) && ip.AddressFamily == System.Net.Sockets.AddressFamily.InterNetwork)
        {
            lock (_gate)
            {
                _taken.Remove(Number(ip));
            }
        }
    }

    private static uint Number(IPAddress address) => System.Buffers.Binary.BinaryPrimitives.ReadUInt32BigEndian(address.GetAddressBytes());

    private static string Text(uint number)
    {
        Span<byte> bytes = stackalloc byte[4];
        System.Buffers.Binary.BinaryPrimitives.WriteUInt32BigEndian(bytes, number);
        return new IPAddress(bytes).ToString();
    }
}
