using System.Text.Json.Nodes;
using Godwit.LocalCluster.Crd;
using Godwit.Unit.LocalCluster.Schema;
using Shouldly;
using Xunit;

namespace Godwit.Unit.LocalCluster.Crd;

public sealed class CrdNamesTests
{
    private static JsonObject Definition(string plural, string kind, string shortName) => Widgets.Parse(
        $$$"""{"spec":{"names":{"plural":"{{{plural}}}","singular":"{{{kind}}}","kind":"{{{kind}}}","listKind":"{{{kind}}}List","shortNames":["{{{shortName}}}"]}},"status":{}}""");

    [Fact]
    public void Free_names_are_accepted_at_once()
    {
        var definition = Definition("widgets", "Widget", "wd");
        CrdNames.Accept(definition, [], DateTimeOffset.UnixEpoch);
        JsonNode.DeepEquals(definition["status"]!["acceptedNames"], definition["spec"]!["names"]).ShouldBeTrue();
        definition["status"]!["conditions"]!.ToJsonString().ShouldBe(
            """[{"type":"NamesAccepted","status":"True","lastTransitionTime":"1970-01-01T00:00:00Z","reason":"NoConflicts","message":"no conflicts found"},{"type":"Established","status":"True","lastTransitionTime":"1970-01-01T00:00:00Z","reason":"InitialNamesAccepted","message":"the initial names have been accepted"}]""");
    }

    [Fact]
    public void The_second_to_ask_for_a_short_name_is_not_established()
    {
        var first = Definition("widgets", "Widget", "wd");
        CrdNames.Accept(first, [], DateTimeOffset.UnixEpoch);
        var second = Definition("wardens", "Warden", "wd");
        CrdNames.Accept(second, [first], DateTimeOffset.UnixEpoch);
        CrdConditions.IsTrue(second, CrdNames.Established).ShouldBeFalse();
        second["status"]!["conditions"]![0]!["reason"]!.GetValue<string>().ShouldBe("ShortNamesConflict");
        second["status"]!["conditions"]![0]!["message"]!.GetValue<string>().ShouldBe("\"wd\" is already in use");
    }
}
