using System.Text;
using System.Text.Json;

namespace Godwit.LocalCluster.ApiServer.Http;

/// <summary>Words a JSON syntax error as users of kubectl know it.</summary>
internal static class GoJsonError
{
    public static string Describe(ReadOnlySpan<byte> json, JsonException error)
    {
        var offset = Offset(json, error);
        if (offset >= json.Length)
        {
            return "unexpected end of JSON input";
        }

        Rune.DecodeFromUtf8(json[offset..], out var rune, out _);
        var before = offset;
        while (before > 0 && json[before - 1] is (byte)' ' or (byte)'\n' or (byte)'\r' or (byte)'\t')
        {
            before--;
        }

        var context = before == 0 ? "looking for beginning of value" : json[before - 1] switch
        {
            (byte)'{' => "looking for beginning of object key string",
            (byte)'[' or (byte)':' => "looking for beginning of value",
            (byte)',' => "looking for beginning of object key string",
            _ => "after top-level value",
        };
        return $"invalid character '{rune}' {context}";
    }

    private static int Offset(ReadOnlySpan<byte> json, JsonException error)
    {
        var line = error.LineNumber ?? 0;
        var start = 0;
        for (; line > 0; line--)
        {
            var next = json[start..].IndexOf((byte)'\n');
            if (next < 0)
            {
                break;
            }

            start += next + 1;
        }

        return (int)Math.Min(json.Length, start + (error.BytePositionInLine ?? 0));
    }
}
