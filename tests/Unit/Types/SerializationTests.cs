using System.Text.Json;
using System.Text.Json.Nodes;
using Godwit.Types;
using Shouldly;
using Xunit;

namespace Godwit.Unit.Types;

public sealed class SerializationTests
{
    [Fact]
    public void Fields_that_are_not_modelled_survive_at_every_level()
    {
        const string text = """
            {"apiVersion":"kubevirt.io/v1","kind":"VirtualMachineInstance",
             "metadata":{"name":"a","managedFields":[{"manager":"kubectl"}]},
             "spec":{"futureField":1,"domain":{"newThing":{"deep":[1,2,{"x":null}]},"devices":{"disks":[{"name":"d","novel":true}]}}},
             "status":{"phase":"Running","migrationState":{"migrationUid":"u","unheardOf":"yes"}}}
            """;
        var vmi = JsonSerializer.Deserialize(text, TypesJson.Default.VirtualMachineInstance)!;
        var back = JsonSerializer.SerializeToNode(vmi, TypesJson.Default.VirtualMachineInstance);
        JsonNode.DeepEquals(back, JsonNode.Parse(text)).ShouldBeTrue(back!.ToJsonString());
    }

    [Fact]
    public void An_object_without_metadata_can_still_be_asked_for_its_name()
    {
        var pod = JsonSerializer.Deserialize("{}", TypesJson.Default.Pod)!;
        pod.Metadata.Name.ShouldBeNull();
        new Pod().Metadata.Label("x").ShouldBeNull();
    }

    [Fact]
    public void A_quantity_may_be_a_number_or_a_string()
    {
        var spec = JsonSerializer.Deserialize(
            """{"spec":{"domain":{"memory":{"guest":1073741824},"resources":{"requests":{"memory":"1Gi","cpu":2}}}}}""",
            TypesJson.Default.VirtualMachineInstance)!.Spec!;
        spec.Domain!.Memory!.Guest.ShouldBe("1073741824");
        spec.Domain.Resources!.Requests!["cpu"].ShouldBe("2");
        spec.Domain.Resources.Requests["memory"].ShouldBe("1Gi");
    }

    [Theory]
    [InlineData("2026-03-22T10:00:00Z", "2026-03-22T10:00:00Z")]
    [InlineData("2026-03-22T12:00:00.25+02:00", "2026-03-22T10:00:00.250000Z")]
    public void Times_are_written_as_Kubernetes_writes_them(string read, string written)
    {
        var state = JsonSerializer.Deserialize(
            $$"""{"pauseTimestamp":"{{read}}"}""", TypesJson.Default.MigrationState)!;
        JsonSerializer.Serialize(state, TypesJson.Default.MigrationState)
            .ShouldBe($$"""{"pauseTimestamp":"{{written}}"}""");
    }

    [Fact]
    public void Names_with_odd_capitals_are_spelled_as_KubeVirt_spells_them()
    {
        var vmi = new VirtualMachineInstance
        {
            Status = new VirtualMachineInstanceStatus
            {
                VSOCKCID = 3,
                OwnerPodUID = "p",
                GuestOSInfo = JsonElement.Parse("{}"),
                CurrentCPUTopology = new CpuTopology { Cores = 1 },
                MigrationState = new MigrationState
                {
                    MigrationUid = "m",
                    TargetPodUID = "t",
                    TargetCPUSet = [1],
                    SourceState = new MigrationEndState { MigrationUID = "m", VirtualMachineInstanceUID = "v" },
                    MigrationConfiguration = new MigrationConfiguration
                    {
                        CompletionTimeoutPerGiB = 800,
                        DisableTLS = false,
                        MatchSELinuxLevelOnMigration = true,
                    },
                },
            },
        };
        JsonSerializer.Serialize(vmi, TypesJson.Default.VirtualMachineInstance).ShouldBe(
            """
            {"metadata":{},"status":{"ownerPodUID":"p","guestOSInfo":{},"migrationState":{"migrationUid":"m","targetPodUID":"t","migrationConfiguration":{"completionTimeoutPerGiB":800,"disableTLS":false,"matchSELinuxLevelOnMigration":true},"targetCPUSet":[1],"sourceState":{"migrationUID":"m","virtualMachineInstanceUID":"v"}},"VSOCKCID":3,"currentCPUTopology":{"cores":1}}}
            """);
    }
}
