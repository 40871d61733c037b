using System.Text.Json.Nodes;
using Godwit.Crds;
using Shouldly;
using Xunit;

namespace Godwit.Unit.Types;

public sealed class CrdTests
{
    [Fact]
    public async Task The_committed_definitions_are_those_that_the_types_give()
    {
        foreach (var (name, text) in CrdFiles.Generate())
        {
            var file = Path.Combine(CrdFiles.Folder(), name);
            File.Exists(file).ShouldBeTrue($"{file} is missing: dotnet run --project hack/Crds");
            var committed = await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken);
            (committed == text).ShouldBeTrue($"{file} is stale: dotnet run --project hack/Crds");
        }

        Directory.GetFiles(CrdFiles.Folder()).Length.ShouldBe(CrdFiles.Generate().Count);
    }

    [Fact]
    public void Both_versions_of_the_old_group_are_served_and_v1_is_stored()
    {
        var versions = CrdCatalogue.All[1].ToJson()["spec"]!["versions"]!.AsArray();
        versions.Select(version => $"{version!["name"]} {version["served"]} {version["storage"]}")
            .ShouldBe(["v1 true true", "v1alpha3 true false"]);
        ((string?)versions[1]!["deprecationWarning"])
            .ShouldBe("kubevirt.io/v1alpha3 is now deprecated and will be removed in a future release.");
        JsonNode.DeepEquals(versions[0]!["schema"], versions[1]!["schema"]).ShouldBeTrue();
    }

    [Fact]
    public void Every_schema_is_structural()
    {
        foreach (var version in CrdCatalogue.All.SelectMany(crd => crd.ToJson()["spec"]!["versions"]!.AsArray()))
        {
            Walk(version!["schema"]!["openAPIV3Schema"]!.AsObject(), "");
        }
    }

    [Fact]
    public void Quantities_may_be_numbers_and_unknown_parts_are_kept_where_the_API_hands_them_on()
    {
        var spec = CrdCatalogue.All[0].ToJson()["spec"]!["versions"]![0]!["schema"]!["openAPIV3Schema"]!["properties"]!["spec"]!["properties"]!;
        ((bool)spec["domain"]!["properties"]!["memory"]!["properties"]!["guest"]!["x-kubernetes-int-or-string"]!).ShouldBeTrue();
        ((bool)spec["affinity"]!["x-kubernetes-preserve-unknown-fields"]!).ShouldBeTrue();
        ((bool)spec["livenessProbe"]!["x-kubernetes-preserve-unknown-fields"]!).ShouldBeTrue();
        spec["domain"]!["x-kubernetes-preserve-unknown-fields"].ShouldBeNull();
    }

    [Fact]
    public void A_templates_labels_survive_and_a_virtual_machine_is_stopped_until_it_is_said_to_be_otherwise()
    {
        var schema = Of("VirtualMachine")["schema"]!["openAPIV3Schema"]!["properties"]!;
        ((bool)schema["spec"]!["properties"]!["template"]!["properties"]!["metadata"]!["x-kubernetes-preserve-unknown-fields"]!).ShouldBeTrue();
        ((string?)schema["status"]!["properties"]!["printableStatus"]!["default"]).ShouldBe("Stopped");
        schema["metadata"]!.AsObject().Count.ShouldBe(1);
    }

    [Fact]
    public void A_replica_set_can_be_scaled() =>
        Of("VirtualMachineInstanceReplicaSet")["subresources"]!.ToJsonString().ShouldBe(
            """{"status":{},"scale":{"specReplicasPath":".spec.replicas","statusReplicasPath":".status.replicas","labelSelectorPath":".status.labelSelector"}}""");

    private static JsonNode Of(string kind) =>
        CrdCatalogue.All.Single(crd => crd.Kind.Kind == kind).ToJson()["spec"]!["versions"]![0]!;

    private static void Walk(JsonObject schema, string path)
    {
        (schema.ContainsKey("type") || schema.ContainsKey("x-kubernetes-int-or-string")).ShouldBeTrue($"{path} has no type");
        foreach (var (name, child) in schema["properties"]?.AsObject() ?? [])
        {
            Walk(child!.AsObject(), $"{path}.{name}");
        }

        foreach (var part in new[] { "items", "additionalProperties" })
        {
            if (schema[part] is JsonObject child)
            {
                Walk(child, $"{path}.{part}");
            }
        }
    }
}
