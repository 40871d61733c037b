using System.Text;
using CsCheck;

namespace Godwit.Unit.Machinery;

/// <summary>Texts that nobody meant: good ones with a few bytes changed, cut, doubled or moved, and noise.</summary>
internal static class Rubbish
{
    private static readonly string[] Bits =
        ["{", "}", "[", "]", "\"", ":", ",", "\n", "\0", "&a ", "*a", "<<: ", "- ", "!!binary ", "%", "\\u0000", "\\ud800", "1e999", "-", "null", "..", "/", "~1", "\uFFFD", "\t", "|", ">", "?", "#"];

    /// <summary>Variations on the samples.</summary>
    public static Gen<string> Of(params string[] samples) => Gen.Frequency(
        (8, Gen.Select(Gen.Int[0, samples.Length - 1].Select(i => samples[i]), Gen.Select(Gen.Int[0, 5], Gen.Int[0, 1 << 16], Gen.Int[0, Bits.Length - 1].Select(i => Bits[i])).Array[1, 8]).Select(Mutate)),
        (1, Gen.Int[0, Bits.Length - 1].Select(i => Bits[i]).Array[0, 60].Select(string.Concat)),
        (1, Gen.String[Gen.Char['\u0000', '\u00ff'], 0, 40]));

    private static string Mutate(string text, (int Kind, int Place, string Bit)[] changes)
    {
        var result = new StringBuilder(text);
        foreach (var (kind, place, bit) in changes)
        {
            var at = result.Length == 0 ? 0 : place % result.Length;
            switch (kind)
            {
                case 0:
                    result.Insert(at, bit);
                    break;
                case 1 when result.Length > 0:
                    result.Remove(at, 1);
                    break;
                case 2 when result.Length > 0:
                    result[at] = (char)(place & 0x7f);
                    break;
                case 3:
                    result.Length = at;
                    break;
                case 4:
                    result.Insert(at, result.ToString(at, Math.Min(12, result.Length - at)));
                    break;
                default:
                    result.Append(bit);
                    break;
            }
        }

        return result.ToString();
    }
}
