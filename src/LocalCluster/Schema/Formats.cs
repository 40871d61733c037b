using System.Globalization;
using System.Net;
using System.Net.Mail;
using System.Net.Sockets;
using System.Text.RegularExpressions;

namespace Godwit.LocalCluster.Schema;

/// <summary>String formats that a Kubernetes API server checks; others say nothing about the value.</summary>
internal static partial class Formats
{
    public static bool Fits(string text, string format) => format switch
    {
        "date-time" or "datetime" => DateTime(text),
        "date" => DateOnly.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out _),
        "byte" => Base64(text),
        "duration" => GoDuration().IsMatch(text),
        "email" => MailAddress.TryCreate(text, out var mail) && mail.Address == text,
        "hostname" => text.Length <= 255 && HostName().IsMatch(text),
        "ipv4" => Address(text, AddressFamily.InterNetwork) && text.Count(c => c == '.') == 3,
        "ipv6" => Address(text, AddressFamily.InterNetworkV6),
        "cidr" => Cidr(text),
        "mac" => Mac().IsMatch(text),
        "uri" => Uri.TryCreate(text, UriKind.Absolute, out _),
        "uuid" => Uuid().IsMatch(text),
        _ => true,
    };

    /// <summary>Whether a number fits int32, int64 or float; other formats hold any.</summary>
    public static bool InRange(double number, string format) => format switch
    {
        "int32" => number is >= int.MinValue and <= int.MaxValue,
        "int64" => number is >= long.MinValue and <= long.MaxValue,
        "float" => Math.Abs(number) <= float.MaxValue,
        _ => true,
    };

    public static bool Base64(string text)
    {
        var buffer = new byte[text.Length];
        return Convert.TryFromBase64String(text, buffer, out _);
    }

    /// <summary>RFC 3339.</summary>
    public static bool DateTime(string text) =>
        Rfc3339().IsMatch(text) && DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out _);

    private static bool Address(string text, AddressFamily family) => IPAddress.TryParse(text, out var address) && address.AddressFamily == family;

    private static bool Cidr(string text)
    {
        var slash = text.IndexOf('/', StringComparison.Ordinal);
        return slash > 0
            && IPAddress.TryParse(text.AsSpan(0, slash), out var address)
            && int.TryParse(text.AsSpan(slash + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var bits)
            && bits <= (address.AddressFamily == AddressFamily.InterNetwork ? 32 : 128);
    }

    [GeneratedRegex(@"^\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2}(\.\d+)?([Zz]|[+-]\d{2}:\d{2})\z", RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture)]
    private static partial Regex Rfc3339();

    [GeneratedRegex(@"^[+-]?(0|(\d+(\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h|d|w| ?[a-z]+))+\z", RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture)]
    private static partial Regex GoDuration();

    [GeneratedRegex(@"^([a-zA-Z0-9]([-a-zA-Z0-9]{0,61}[a-zA-Z0-9])?)(\.[a-zA-Z0-9]([-a-zA-Z0-9]{0,61}[a-zA-Z0-9])?)*\z", RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture)]
    private static partial Regex HostName();

    [GeneratedRegex(@"^([0-9a-fA-F]{2}([:-])){5}[0-9a-fA-F]{2}\z", RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture)]
    private static partial Regex Mac();

    [GeneratedRegex(@"^[0-9a-fA-F]{8}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{12}\z", RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture)]
    private static partial Regex Uuid();
}
