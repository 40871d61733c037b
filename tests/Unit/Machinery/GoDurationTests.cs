using Godwit.Machinery;
using Shouldly;
using Xunit;

namespace Godwit.Unit.Machinery;

public sealed class GoDurationTests
{
    [Theory]
    [InlineData("168h", "7.00:00:00")]
    [InlineData("24h0m0s", "1.00:00:00")]
    [InlineData("1.5h", "01:30:00")]
    [InlineData("1m30s", "00:01:30")]
    [InlineData("-1m", "-00:01:00")]
    [InlineData("+2s", "00:00:02")]
    [InlineData("250ms", "00:00:00.25")]
    [InlineData("3us", "00:00:00.000003")]
    [InlineData("0", "00:00:00")]
    [InlineData("2562047h47m16s", "106751.23:47:16")]
    public void What_Kubernetes_writes_is_read(string text, string expected)
    {
        GoDuration.TryParse(text, out var duration).ShouldBeTrue();
        duration.ShouldBe(TimeSpan.Parse(expected, System.Globalization.CultureInfo.InvariantCulture));
    }

    [Theory]
    [InlineData("")]
    [InlineData("10")]
    [InlineData("h")]
    [InlineData("1d")]
    [InlineData("1h ")]
    [InlineData("1.2.3h")]
    [InlineData(".h")]
    [InlineData("1h-2m")]
    [InlineData("99999999999h")]
    [InlineData("99999999999999999999h")]
    [InlineData("2562047h47m17s")]
    [InlineData("2562047h47m1s16s")]
    public void What_is_no_duration_is_refused(string text) => GoDuration.TryParse(text, out _).ShouldBeFalse();

    [Theory]
    [InlineData("168h", "168h")]
    [InlineData("90m", "1h30m")]
    [InlineData("1500ms", "1.5s")]
    [InlineData("-61s", "-1m1s")]
    [InlineData("0", "0s")]
    public void It_is_written_in_its_shortest_form(string text, string expected)
    {
        GoDuration.TryParse(text, out var duration).ShouldBeTrue();
        GoDuration.Format(duration).ShouldBe(expected);
    }
}
