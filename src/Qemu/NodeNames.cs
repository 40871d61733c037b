using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Godwit.Qemu;

/// <summary>Names of block nodes, which QEMU limits to 31 characters.</summary>
public static class NodeNames
{
    private const int Longest = 24;

    /// <summary>The node name for a device id: the same on every host, readable when it fits.</summary>
    public static string For(string deviceId)
    {
        var plain = deviceId.Length <= Longest && deviceId.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.');
        return plain
            ? $"d-{deviceId}"
            : "d-" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(deviceId)))[..Longest];
    }

    /// <summary>The name of the file node under <paramref name="nodeName"/>.</summary>
    internal static string File(string nodeName) => string.Create(CultureInfo.InvariantCulture, $"{nodeName}-f");

    /// <summary>The name of the backing node under <paramref name="nodeName"/>.</summary>
    internal static string Backing(string nodeName) => string.Create(CultureInfo.InvariantCulture, $"{nodeName}-b");
}
