using CsCheck;
using Godwit.Machinery;
using Shouldly;
using Xunit;

namespace Godwit.Unit.Machinery;

public sealed class QuantityTests
{
    [Theory]
    [InlineData("0", "0")]
    [InlineData("1024Mi", "1Gi")]
    [InlineData("0.5Gi", "512Mi")]
    [InlineData("1536Ki", "1536Ki")]
    [InlineData("512Ki", "512Ki")]
    [InlineData("0.5Ki", "512")]
    [InlineData("1000m", "1")]
    [InlineData("0.1", "100m")]
    [InlineData("1.5", "1500m")]
    [InlineData("12000", "12k")]
    [InlineData("1e3", "1e3")]
    [InlineData("8E", "8E")]
    [InlineData("1E3", "1e3")]
    [InlineData("123456789n", "123456789n")]
    [InlineData("0.0000000001", "1n")]
    [InlineData("-1Ki", "-1Ki")]
    [InlineData("+5", "5")]
    [InlineData(".5", "500m")]
    [InlineData("5.", "5")]
    [InlineData("12E", "9223372036854775807")]
    [InlineData("100Ei", "9223372036854775807")]
    public void The_canonical_form_is_kubernetes_own(string text, string canonical) => Quantity.Parse(text).ToString().ShouldBe(canonical);

    [Theory]
    [InlineData("")]
    [InlineData("Gi")]
    [InlineData(".")]
    [InlineData("1.2.3")]
    [InlineData("1 Gi")]
    [InlineData("1gi")]
    [InlineData("1K")]
    [InlineData("1e")]
    [InlineData("1mi")]
    [InlineData("--1")]
    [InlineData("0x10")]
    public void What_is_no_quantity_is_refused(string text)
    {
        Quantity.TryParse(text, out _).ShouldBeFalse();
        Should.Throw<FormatException>(() => Quantity.Parse(text)).Message.ShouldContain($"\"{text}\" is not a quantity");
    }

    [Fact]
    public void Amounts_compare_whatever_their_notation()
    {
        Quantity.Parse("1Gi").ShouldBe(Quantity.Parse("1073741824"));
        Quantity.Parse("1G").ShouldBeLessThan(Quantity.Parse("1Gi"));
        (Quantity.Parse("100m") + Quantity.Parse("0.9")).ShouldBe(Quantity.Parse("1"));
        (Quantity.Parse("1Gi") - Quantity.Parse("24Mi")).ToString().ShouldBe("1000Mi");
        Quantity.Parse("1500m").Value.ShouldBe(2);
        Quantity.Parse("0.0001").MilliValue.ShouldBe(1);
    }

    [Fact]
    public void Writing_and_reading_back_keeps_the_amount() =>
        Gen.Select(Gen.Long[-1_000_000_000, 1_000_000_000], Gen.OneOf("", "n", "u", "m", "k", "M", "G", "Ki", "Mi", "Gi", "e-3", "e2", "e7"))
            .Sample((number, suffix) =>
            {
                var quantity = Quantity.Parse($"{number}{suffix}");
                return Quantity.Parse(quantity.ToString()) == quantity && Quantity.Parse(quantity.ToString()).ToString() == quantity.ToString();
            });
}
