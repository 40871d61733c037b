using System.Text.Json.Nodes;
using Godwit.LocalCluster.Limits;
using Shouldly;
using Xunit;

namespace Godwit.Unit.LocalCluster.Limits;

public sealed class LimitRulesTests
{
    [Fact]
    public void A_container_gets_what_it_left_out_and_nothing_else()
    {
        var pod = Pod("""{"requests":{"cpu":"50m"}}""");
        LimitRules.Fill(Item("""{"type":"Container","default":{"cpu":"200m","memory":"64Mi"},"defaultRequest":{"cpu":"100m","memory":"64Mi"}}"""), pod)
            .ShouldBe(["memory request for container c", "cpu, memory limit for container c"]);
        pod["spec"]!["containers"]![0]!["resources"]!.ToJsonString().ShouldBe("""{"requests":{"cpu":"50m","memory":"64Mi"},"limits":{"cpu":"200m","memory":"64Mi"}}""");
    }

    [Theory]
    [InlineData("""{"type":"Container","min":{"cpu":"100m"}}""", """{"requests":{"cpu":"50m"}}""", "minimum cpu usage per Container is 100m, but request is 50m")]
    [InlineData("""{"type":"Container","min":{"cpu":"100m"}}""", "{}", "minimum cpu usage per Container is 100m.  No request is specified")]
    [InlineData("""{"type":"Container","max":{"cpu":"1"}}""", """{"limits":{"cpu":"2"}}""", "maximum cpu usage per Container is 1, but limit is 2")]
    [InlineData("""{"type":"Pod","max":{"cpu":"1"}}""", "{}", "maximum cpu usage per Pod is 1.  No limit is specified")]
    [InlineData(
        """{"type":"Container","maxLimitRequestRatio":{"cpu":"2"}}""",
        """{"requests":{"cpu":"1"},"limits":{"cpu":"3"}}""",
        "cpu max limit to request ratio per Container is 2, but provided ratio is 3.000000")]
    public void What_is_outside_of_the_range_is_named_with_its_bound(string item, string resources, string problem) =>
        LimitRules.OfPod(Item(item), Pod(resources)).ShouldBe([problem]);

    [Fact]
    public void What_is_within_the_range_is_let_through() =>
        LimitRules.OfPod(Item("""{"type":"Container","min":{"cpu":"1"},"max":{"cpu":"1"}}"""), Pod("""{"requests":{"cpu":"1"},"limits":{"cpu":"1"}}""")).ShouldBeEmpty();

    private static JsonObject Item(string json) => (JsonObject)JsonNode.Parse(json)!;

    private static JsonObject Pod(string resources) => Item($$$"""{"spec":{"containers":[{"name":"c","resources":{{{resources}}}}]}}""");
}
