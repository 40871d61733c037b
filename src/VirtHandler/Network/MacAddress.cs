using System.Security.Cryptography;
using System.Text;

namespace Godwit.VirtHandler.Network;

/// <summary>MAC addresses for guests.</summary>
public static class MacAddress
{
    /// <summary>A locally administered address that depends on the VMI's UID and the interface's name only.</summary>
    public static string Derive(string vmiUid, string interfaceName)
    {
        var hash = SHA256.HashData(Encoding.UTF8.GetBytes($"{vmiUid}/{interfaceName}"));
        return $"02:{hash[0]:x2}:{hash[1]:x2}:{hash[2]:x2}:{hash[3]:x2}:{hash[4]:x2}";
    }

    /// <summary>The form in which MACs are written everywhere: lower case, with colons.</summary>
    public static string Normalize(string mac) => mac.Trim().Replace('-', ':').ToLowerInvariant();
}
