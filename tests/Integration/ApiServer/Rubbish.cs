using System.Text;
using System.Text.Json.Nodes;

namespace Godwit.Integration.ApiServer;

/// <summary>Spoils documents: as texts, which are then hardly ever JSON, and as trees, which stay JSON and say nonsense.</summary>
internal sealed class Rubbish(int seed)
{
    private static readonly string[] Noise =
        ["\"", "{", "}", "[", "]", "null", "\\ud800", "\0", ":", ",", "-1", "1e999", "\"\"", "true", "~1", "..", "{\"$patch\":\"delete\"}", "\"$setElementOrder/a\":[1],", "😀", "\uFFFD"];

    private static readonly string[] Values =
        ["null", "true", "-1", "0", "9223372036854775808", "1.5", "1e400", "\"\"", "\"..\"", "\"a/b\"", "\"-1Gi\"", "\"9Ei\"", "\"2026-02-30T00:00:00Z\"", "\"\\u0000\"", "[]", "[null]", "[[]]", "{}", "{\"a\":{}}", "{\"\":null}"];

    private readonly Random _random = new(seed);

    public T Pick<T>(IReadOnlyList<T> from) => from[_random.Next(from.Count)];

    /// <summary>The text with up to three places cut, cut off or filled with noise.</summary>
    public string Spoil(string body)
    {
        var spoilt = new StringBuilder(body);
        for (var changes = _random.Next(4); changes > 0 && spoilt.Length > 0; changes--)
        {
            var at = _random.Next(spoilt.Length);
            switch (_random.Next(4))
            {
                case 0:
                    spoilt.Remove(at, Math.Min(_random.Next(1, 9), spoilt.Length - at));
                    break;
                case 1:
                    spoilt.Length = at;
                    break;
                default:
                    spoilt.Insert(at, Pick(Noise));
                    break;
            }
        }

        return spoilt.ToString();
    }

    /// <summary>A copy of the tree in which one to three places, anywhere, are gone, doubled or of another kind.</summary>
    public JsonNode Spoil(JsonNode tree)
    {
        var spoilt = tree.DeepClone();
        for (var changes = _random.Next(1, 4); changes > 0; changes--)
        {
            SpoilOnce(spoilt);
        }

        return spoilt;
    }

    private void SpoilOnce(JsonNode tree)
    {
        var places = Places(tree).ToList();
        if (places.Count == 0)
        {
            return;
        }

        switch (Pick(places))
        {
            case (JsonObject parent, string name):
                if (_random.Next(4) == 0)
                {
                    parent.Remove(name);
                }
                else
                {
                    parent[name] = JsonNode.Parse(Pick(Values));
                }

                break;
            case (JsonArray parent, int index):
                switch (_random.Next(4))
                {
                    case 0:
                        parent.RemoveAt(index);
                        break;
                    case 1:
                        parent.Add(parent[index]?.DeepClone());
                        break;
                    default:
                        parent[index] = JsonNode.Parse(Pick(Values));
                        break;
                }

                break;
        }
    }

    private static IEnumerable<(JsonNode Parent, object Place)> Places(JsonNode? node) => node switch
    {
        JsonObject fields => fields.SelectMany(field => Places(field.Value).Prepend((fields, field.Key))),
        JsonArray items => items.SelectMany((item, index) => Places(item).Prepend((items, index))),
        _ => [],
    };
}
