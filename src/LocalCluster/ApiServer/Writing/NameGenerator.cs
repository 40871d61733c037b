using System.Security.Cryptography;

namespace Godwit.LocalCluster.ApiServer.Writing;

/// <summary>Names for generateName: the prefix and five characters that spell no words.</summary>
internal static class NameGenerator
{
    private const string Alphabet = "bcdfghjklmnpqrstvwxz2456789";
    private const int RandomLength = 5;
    private const int MaxLength = 63;

    public static string Next(string prefix)
    {
        var kept = prefix.Length > MaxLength - RandomLength ? prefix[..(MaxLength - RandomLength)] : prefix;
        return kept + RandomNumberGenerator.GetString(Alphabet, RandomLength);
    }
}
