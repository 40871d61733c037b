using System.Text.Json.Nodes;
using Godwit.LocalCluster.ApiServer.Errors;
using Godwit.LocalCluster.ApiServer.Resources;
using Godwit.LocalCluster.ApiServer.Writing;
using Shouldly;
using Xunit;

namespace Godwit.Unit.LocalCluster.ApiServer;

public sealed class MetadataRulesTests
{
    private static readonly ResourceInfo ConfigMaps = Info("", "configmaps", "ConfigMap", custom: false);
    private static readonly ResourceInfo Widgets = Info("rig.example", "widgets", "Widget", custom: true);

    [Fact]
    public void Two_owners_cannot_both_be_the_controller()
    {
        var obj = Object("""{"name":"two","ownerReferences":[{"controller":true,"apiVersion":"v1","kind":"ConfigMap","name":"a","uid":"u1"},{"apiVersion":"v1","kind":"ConfigMap","name":"b","uid":"u2","controller":true}]}""");
        MetadataRules.Check(ConfigMaps, obj).Select(e => e.ToString()).ShouldBe(
        [
            """metadata.ownerReferences: Invalid value: [{"apiVersion":"v1","kind":"ConfigMap","name":"a","uid":"u1","controller":true},{"apiVersion":"v1","kind":"ConfigMap","name":"b","uid":"u2","controller":true}]: Only one reference can have Controller set to true. Found "true" in references for ConfigMap/a and ConfigMap/b""",
        ]);
    }

    [Fact]
    public void An_update_of_a_built_in_kind_lists_what_is_wrong_with_its_finalizers_twice_and_says_it_once()
    {
        var errors = MetadataRules.CheckUpdate(ConfigMaps, Object("""{"name":"c","finalizers":["bad finalizer"]}"""), Object("""{"name":"c"}""")).ToList();
        errors.Select(e => e.Field).ShouldBe(["metadata.finalizers", "metadata.finalizers[0]", "metadata.finalizers", "metadata.finalizers[0]"]);
        var refusal = ApiErrors.Invalid("", "ConfigMap", "c", errors);
        refusal.Message.Split("metadata.finalizers[0]").Length.ShouldBe(2);
    }

    [Theory]
    [InlineData(false, 2)]
    [InlineData(true, 1)]
    public void No_finalizer_is_added_to_what_is_being_deleted(bool custom, int times)
    {
        var old = Object("""{"name":"c","deletionTimestamp":"2026-01-01T00:00:00Z","finalizers":["a.example/x"]}""");
        var now = Object("""{"name":"c","deletionTimestamp":"2026-01-01T00:00:00Z","finalizers":["a.example/x","a.example/y"]}""");
        MetadataRules.CheckUpdate(custom ? Widgets : ConfigMaps, now, old).Select(e => e.Message).ShouldBe(Enumerable.Repeat(
            "Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers []string{\"a.example/y\"}", times));
    }

    private static ResourceInfo Info(string group, string plural, string kind, bool custom) => new()
    {
        Group = group,
        Plural = plural,
        Singular = plural[..^1],
        Kind = kind,
        Namespaced = true,
        Custom = custom,
        Versions = [],
    };

    private static JsonObject Object(string metadata) => new() { ["metadata"] = JsonNode.Parse(metadata) };
}
