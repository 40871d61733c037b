using System.Text.Json;
using System.Text.Json.Nodes;
using Godwit.Types;
using Shouldly;
using Xunit;

namespace Godwit.Unit.Types;

public sealed class CachedObjectsTests
{
    [Fact]
    public void The_record_of_who_set_which_field_goes_and_nothing_else_does()
    {
        const string whole = """
            {"apiVersion":"kubevirt.io/v1","kind":"VirtualMachineInstance",
             "metadata":{"name":"a","labels":{"x":"y"},"managedFields":[{"manager":"kubectl"}],"selfLink":"/a"},
             "spec":{"managedFields":"not that","novel":1}}
            """;
        var expected = JsonNode.Parse(whole)!;
        expected["metadata"]!.AsObject().Remove("managedFields");
        var vmi = JsonSerializer.Deserialize(whole, TypesJson.Default.VirtualMachineInstance)!;
        var kept = JsonSerializer.SerializeToNode(vmi.WithoutManagedFields(), TypesJson.Default.VirtualMachineInstance);
        JsonNode.DeepEquals(kept, expected).ShouldBeTrue(kept!.ToJsonString());
        vmi.Metadata.Extra!.ShouldContainKey("managedFields", "the object that came is left as it is");
    }

    [Fact]
    public void Nothing_is_left_of_a_list_of_unknown_fields_that_held_no_other() =>
        JsonSerializer.Deserialize("""{"metadata":{"name":"a","managedFields":[]}}""", TypesJson.Default.Pod)!
            .WithoutManagedFields().Metadata.Extra.ShouldBeNull();

    [Fact]
    public void An_object_that_has_none_is_the_same_one()
    {
        var pod = JsonSerializer.Deserialize("""{"metadata":{"name":"a","selfLink":"/a"}}""", TypesJson.Default.Pod)!;
        pod.WithoutManagedFields().ShouldBeSameAs(pod);
    }
}
