using Godwit.LocalCluster.Schema;
using Shouldly;
using Xunit;

namespace Godwit.Unit.LocalCluster.Schema;

public sealed class GoBase64Tests
{
    [Theory]
    [InlineData("", null)]
    [InlineData("YWJj", null)]
    [InlineData("YWI=", null)]
    [InlineData("YQ==", null)]
    [InlineData("YW\nJj", null)]
    [InlineData("***", 0)]
    [InlineData("YW*j", 2)]
    [InlineData("YWJ", 0)]
    [InlineData("YWJjY", 4)]
    [InlineData("YQ=", 3)]
    [InlineData("Y===", 1)]
    [InlineData("YQ=x", 2)]
    [InlineData("YWI=YWJj", 4)]
    public void The_first_byte_that_does_not_fit_is_named(string text, int? at) =>
        GoBase64.Problem(text).ShouldBe(at is null ? null : $"illegal base64 data at input byte {at}");

    [Theory]
    [InlineData("YWI", null)]
    [InlineData("a-_b", null)]
    [InlineData("bogus", 4)]
    [InlineData("YWI=", 3)]
    [InlineData("a+b", 1)]
    public void In_addresses_there_is_no_padding(string text, int? at) =>
        GoBase64.Problem(text, url: true).ShouldBe(at is null ? null : $"illegal base64 data at input byte {at}");
}
