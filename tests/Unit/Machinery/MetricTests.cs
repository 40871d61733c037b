using System.Buffers;
using System.Text;
using Godwit.Machinery;
using Shouldly;
using Xunit;

namespace Godwit.Unit.Machinery;

public sealed class MetricTests
{
    private readonly MetricRegistry _registry = new("kubevirt_");

    [Fact]
    public void Metrics_are_written_by_name_each_with_its_help_and_type_and_only_those_that_have_a_value()
    {
        var seen = _registry.Counter("seen_total", "How many were\nseen, \\ all in all.", "who");
        _registry.Gauge("absent", "Has no value.");
        var height = _registry.Gauge("height", "How high.");
        seen.Increment("b");
        seen.Add(2.5, "b");
        seen.Increment((string?)null);
        using var collection = _registry.Collect(() => [height.Sample(-1.5)]);
        Text().ShouldBe(
            """
            # HELP height How high.
            # TYPE height gauge
            height -1.5
            # HELP seen_total How many were\nseen, \\ all in all.
            # TYPE seen_total counter
            seen_total{who="b"} 3.5
            seen_total 1

            """);
        _registry.Families.Select(static family => family.Name).ShouldBe(["absent", "height", "seen_total"]);
    }

    [Fact]
    public void What_users_may_name_cannot_break_the_text()
    {
        var gauge = _registry.Gauge("g", "G.", "one", "two");
        using var collection = _registry.Collect(() => [gauge.Sample(double.PositiveInfinity, "a\"b\\c\nd", "ä}")]);
        Text().ShouldEndWith("g{one=\"a\\\"b\\\\c\\nd\",two=\"ä}\"} +Inf\n");
    }

    [Fact]
    public void A_histogram_counts_under_each_bound_all_that_is_not_above_it()
    {
        var histogram = _registry.Histogram("h", "H.", [0.125, 1], "name");
        foreach (var value in (double[])[0.125, 0.25, 5])
        {
            histogram.Observe(value, "q");
        }

        Text().ShouldEndWith(
            """
            h_bucket{name="q",le="0.125"} 1
            h_bucket{name="q",le="1"} 2
            h_bucket{name="q",le="+Inf"} 3
            h_sum{name="q"} 5.375
            h_count{name="q"} 3

            """);
    }

    [Fact]
    public void What_a_collector_told_is_gone_when_it_is()
    {
        var gauge = _registry.Gauge("g", "G.", "name");
        var collection = _registry.Collect(() => [gauge.Sample(1, "vm")]);
        Text().ShouldContain("vm");
        collection.Dispose();
        Text().ShouldBeEmpty();
    }

    [Fact]
    public void A_name_stands_for_one_metric_only_and_asking_again_gives_the_same()
    {
        var counter = _registry.Counter("n_total", "N.", "a");
        _registry.Counter("n_total", "N.", "a").ShouldBeSameAs(counter);
        Should.Throw<InvalidOperationException>(() => _registry.Counter("n_total", "N.", "b")).Message.ShouldContain("n_total");
        Should.Throw<InvalidOperationException>(() => _registry.Gauge("n_total", "N.", "a"));
        Should.Throw<InvalidOperationException>(() => _registry.Histogram("n_total", "N.", [1], "a"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("with-hyphen")]
    [InlineData("2nd")]
    [InlineData("ümlaut")]
    public void A_name_that_Prometheus_would_refuse_is_refused_here(string name)
    {
        Should.Throw<ArgumentException>(() => _registry.Gauge(name, "G."));
        Should.Throw<ArgumentException>(() => _registry.Gauge("g", "G.", name));
    }

    [Fact]
    public void Values_that_do_not_fit_the_labels_and_counts_that_fall_are_refused()
    {
        var counter = _registry.Counter("n_total", "N.", "a");
        Should.Throw<ArgumentException>(() => counter.Increment("one", "two"));
        Should.Throw<ArgumentOutOfRangeException>(() => counter.Add(-1, "one"));
        Should.Throw<ArgumentException>(() => _registry.Histogram("h", "H.", [1, 1]));
    }

    private string Text() => Read(_registry);

    internal static string Read(MetricRegistry registry)
    {
        var text = new ArrayBufferWriter<byte>();
        registry.Write(text);
        return Encoding.UTF8.GetString(text.WrittenSpan);
    }
}
