using System.Text.Json.Nodes;
using Godwit.Integration.LocalCluster;
using Shouldly;
using Xunit;

namespace Godwit.Integration.ApiServer;

/// <summary>Who set which field, as kubectl shows it.</summary>
public sealed class ManagedFieldsTests(ClusterFixture cluster) : IClassFixture<ClusterFixture>
{
    [Fact]
    public async Task Each_way_of_writing_owns_what_it_set_last()
    {
        var ns = await cluster.NamespaceAsync();
        await cluster.MustAsync($"-n {ns} create -f -", """{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p","labels":{"a":"1"}},"spec":{"nodeName":"nowhere","containers":[{"name":"c","image":"i"}]}}""");
        await cluster.MustAsync($"-n {ns} label pod p a=2 b=1 --overwrite");
        await cluster.MustAsync($$$"""-n {{{ns}}} patch pod p --subresource=status --type=merge -p {"status":{"phase":"Running"}}""");

        var owners = await OwnersAsync(ns);
        owners["kubectl-create/"].ShouldContain("""{"f:metadata":{"f:labels":{}}""");
        owners["kubectl-create/"].ShouldContain("""{"f:containers":{"k:{\"name\":\"c\"}":{".":{}""");
        owners["kubectl-label/"].ShouldBe("""{"f:metadata":{"f:labels":{"f:a":{},"f:b":{}}}}""");
        owners["kubectl-patch/status"].ShouldBe("""{"f:status":{"f:phase":{}}}""");
    }

    [Fact]
    public async Task An_empty_list_forgets_nothing_and_an_empty_entry_all()
    {
        var ns = await cluster.NamespaceAsync();
        await cluster.MustAsync($"-n {ns} run p --image=i --overrides={{\"spec\":{{\"nodeName\":\"nowhere\"}}}}");
        await cluster.MustAsync($$$"""-n {{{ns}}} patch pod p --type=merge -p {"metadata":{"managedFields":[]}}""");
        (await OwnersAsync(ns)).Keys.ShouldBe(["kubectl-run/"]);

        await cluster.MustAsync($$$"""-n {{{ns}}} patch pod p --type=merge -p {"metadata":{"managedFields":[{}]}}""");
        (await cluster.GetAsync($"-n {ns} pod p --show-managed-fields"))["metadata"]!["managedFields"].ShouldBeNull();
    }

    private async Task<Dictionary<string, string>> OwnersAsync(string ns)
    {
        var pod = (JsonObject)JsonNode.Parse(await cluster.MustAsync($"-n {ns} get pod p -o json --show-managed-fields"))!;
        return pod["metadata"]!["managedFields"]!.AsArray().ToDictionary(
            static e => $"{e!["manager"]}/{e["subresource"]}",
            static e => e!["fieldsV1"]!.ToJsonString(new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping }),
            StringComparer.Ordinal);
    }
}
