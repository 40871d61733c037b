using System.Buffers;
using System.Globalization;
using System.Text;

namespace Godwit.Machinery;

/// <summary>Prometheus' text exposition format, version 0.0.4.</summary>
/// <remarks>https://prometheus.io/docs/instrumenting/exposition_formats/</remarks>
public static class MetricText
{
    public const string ContentType = "text/plain; version=0.0.4; charset=utf-8";

    internal static void Write(IBufferWriter<byte> to, MetricFamily family, IEnumerable<MetricSample> samples, Histogram? histogram)
    {
        var line = new StringBuilder();
        var begun = false;
        foreach (var sample in samples)
        {
            Begin(family, ref begun, line);
            Series(line, family.Name, family.Labels, sample.Labels, bound: null, sample.Value);
            Flush(line, to);
        }

        foreach (var (labels, atMost, sum) in histogram?.Read() ?? [])
        {
            Begin(family, ref begun, line);
            for (var i = 0; i < atMost.Length; i++)
            {
                var bound = i < histogram!.Bounds.Count ? Number(histogram.Bounds[i]) : "+Inf";
                Series(line, $"{family.Name}_bucket", family.Labels, labels, bound, atMost[i]);
            }

            Series(line, $"{family.Name}_sum", family.Labels, labels, bound: null, sum);
            Series(line, $"{family.Name}_count", family.Labels, labels, bound: null, atMost[^1]);
            Flush(line, to);
        }
    }

    private static void Begin(MetricFamily family, ref bool begun, StringBuilder line)
    {
        if (begun)
        {
            return;
        }

        begun = true;
        line.Append("# HELP ").Append(family.Name).Append(' ')
            .Append(family.Help.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal)).Append('\n');
        line.Append("# TYPE ").Append(family.Name).Append(' ').Append(family.Kind switch
        {
            MetricKind.Counter => "counter",
            MetricKind.Gauge => "gauge",
            _ => "histogram",
        }).Append('\n');
    }

    private static void Series(
        StringBuilder line, string name, IReadOnlyList<string> labels, IReadOnlyList<string?> values, string? bound, double value)
    {
        line.Append(name);
        var separator = '{';
        for (var i = 0; i < labels.Count; i++)
        {
            if (values[i] is { Length: > 0 } text)
            {
                Label(labels[i], text);
            }
        }

        if (bound is not null)
        {
            Label("le", bound);
        }

        line.Append(separator == '{' ? " " : "} ").Append(Number(value)).Append('\n');

        void Label(string label, string text)
        {
            line.Append(separator).Append(label).Append("=\"");
            foreach (var c in text)
            {
                _ = c switch
                {
                    '\\' => line.Append("\\\\"),
                    '"' => line.Append("\\\""),
                    '\n' => line.Append("\\n"),
                    _ => line.Append(c),
                };
            }

            line.Append('"');
            separator = ',';
        }
    }

    private static string Number(double value) => value switch
    {
        double.PositiveInfinity => "+Inf",
        double.NegativeInfinity => "-Inf",
        _ => value.ToString("R", CultureInfo.InvariantCulture).Replace('E', 'e'),
    };

    private static void Flush(StringBuilder line, IBufferWriter<byte> to)
    {
        foreach (var chunk in line.GetChunks())
        {
            Encoding.UTF8.GetBytes(chunk.Span, to);
        }

        line.Clear();
    }
}
