using System.Globalization;

namespace Godwit.LocalCluster.ApiServer.Protobuf;

/// <summary>Field numbers of the Kubernetes messages that typed clients (kubectl create, drain, auth) send.</summary>
internal sealed class ProtobufMessages
{
    private static readonly Lazy<ProtobufMessages> Loaded = new(Load);

    private readonly Dictionary<string, Dictionary<int, ProtobufField>> _messages = new(StringComparer.Ordinal);
    private readonly Dictionary<(string ApiVersion, string Kind), string> _kinds = [];

    public static ProtobufMessages Instance => Loaded.Value;

    /// <summary>The message of a kind; DeleteOptions are the same in every group.</summary>
    public string? MessageOf(string apiVersion, string kind) =>
        _kinds.GetValueOrDefault(kind == "DeleteOptions" ? ("meta.k8s.io/v1", kind) : (apiVersion, kind));

    public IReadOnlyDictionary<int, ProtobufField>? Fields(string message) => _messages.GetValueOrDefault(message);

    private static ProtobufMessages Load()
    {
        using var stream = typeof(ProtobufMessages).Assembly.GetManifestResourceStream("protobuf-messages.txt")!;
        using var reader = new StreamReader(stream);
        var result = new ProtobufMessages();
        while (reader.ReadLine() is { } line)
        {
            var words = line.Split(' ');
            if (line.StartsWith('='))
            {
                result._kinds[(words[1], words[2])] = words[3];
            }
            else if (!line.StartsWith('#'))
            {
                result._messages[words[0]] = words.Skip(1).Select(Field).ToDictionary(f => f.Number);
            }
        }

        return result;
    }

    private static ProtobufField Field(string text)
    {
        var parts = text.Split(':');
        var type = parts[2].TrimEnd('*', '?').Replace("{}", "", StringComparison.Ordinal);
        return new ProtobufField(
            int.Parse(parts[0], CultureInfo.InvariantCulture), parts[1], type, parts[2].EndsWith('*'), parts[2].EndsWith("{}", StringComparison.Ordinal),
            parts[2].EndsWith('?'));
    }
}
