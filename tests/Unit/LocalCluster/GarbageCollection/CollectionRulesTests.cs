using System.Text.Json.Nodes;
using Godwit.LocalCluster.GarbageCollection;
using Godwit.LocalCluster.Store;
using Shouldly;
using Xunit;

namespace Godwit.Unit.LocalCluster.GarbageCollection;

public sealed class CollectionRulesTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly ObjectStore _store;
    private readonly ObjectGraph _kept;

    public CollectionRulesTests()
    {
        _store = new ObjectStore(Path.Combine(_folder.Path, "state.db"));
        _kept = new ObjectGraph(_store);
    }

    public void Dispose()
    {
        _store.Dispose();
        _folder.Dispose();
    }

    // "name ns owners… finalizers…": an owner is written >name, one that blocks it >>name, a finalizer +name, deletion as !.
    private async Task AddAsync(string name, params string[] traits)
    {
        var metadata = new JsonObject { ["name"] = name, ["uid"] = name, ["namespace"] = traits.FirstOrDefault(t => t[0] == '@')?[1..] ?? "ns" };
        metadata["ownerReferences"] = new JsonArray([.. traits.Where(t => t[0] == '>').Select(JsonNode (t) => new JsonObject
        {
            ["apiVersion"] = "v1", ["kind"] = t.Contains('?') ? "Unknown" : "ConfigMap", ["name"] = t.Trim('>', '?'), ["uid"] = t.Trim('>', '?'), ["blockOwnerDeletion"] = t.StartsWith(">>", StringComparison.Ordinal),
        })]);
        metadata["finalizers"] = new JsonArray([.. traits.Where(t => t[0] == '+').Select(JsonNode (t) => t[1..])]);
        if (traits.Contains("!"))
        {
            metadata["deletionTimestamp"] = "2026-01-01T00:00:00Z";
        }

        var key = new StoreKey("configmaps", (string)metadata["namespace"]!, name);
        (await _store.CreateAsync(key, new JsonObject { ["apiVersion"] = "v1", ["kind"] = "ConfigMap", ["metadata"] = metadata })).Outcome.ShouldBe(StoreOutcome.Done);
    }

    // A graph that is looked at again and again says what a new one says.
    private List<string> Decide()
    {
        var steps = Decide(new ObjectGraph(_store));
        Decide(_kept).ShouldBe(steps);
        return steps;
    }

    private List<string> Decide(ObjectGraph graph)
    {
        graph.Update(_store.Snapshot);
        return [.. CollectionRules.Decide(graph, (_, kind) => kind == "ConfigMap").Select(s => s switch
        {
            CollectionStep.Delete d => $"delete {d.Node.Key.Name} {d.Policy}",
            CollectionStep.DropOwners d => $"drop {string.Join('+', d.Uids)} from {d.Node.Key.Name}",
            CollectionStep.RemoveFinalizer r => $"release {r.Node.Key.Name} {r.Finalizer}",
            _ => "?",
        }).Order(StringComparer.Ordinal)];
    }

    private async Task RemoveAsync(string name)
    {
        var key = new StoreKey("configmaps", "ns", name);
        (await _store.DeleteAsync(key, _store.Get(key)!.ToJsonObject(), 0)).Outcome.ShouldBe(StoreOutcome.Done);
    }

    [Fact]
    public async Task Each_look_takes_in_what_changed_since_the_last()
    {
        await AddAsync("owner");
        await AddAsync("child", ">owner");
        Decide().ShouldBeEmpty();
        await RemoveAsync("owner");
        Decide().ShouldBe(["delete child Background"]);
        await AddAsync("owner");
        await AddAsync("other", ">gone", ">owner");
        Decide().ShouldBe(["drop gone from other"]);
        await RemoveAsync("child");
        await RemoveAsync("owner");
        Decide().ShouldBe(["delete other Background"]);
    }

    [Fact]
    public async Task A_look_that_comes_late_takes_everything_in_anew()
    {
        await AddAsync("owner");
        await AddAsync("child", ">owner");
        Decide().ShouldBeEmpty();
        await RemoveAsync("owner");
        await Task.WhenAll(Enumerable.Range(0, 1500).Select(i => AddAsync($"filler-{i}")));
        Decide().ShouldBe(["delete child Background"]);
    }

    [Fact]
    public async Task What_has_an_owner_stays()
    {
        await AddAsync("owner");
        await AddAsync("child", ">owner");
        Decide().ShouldBeEmpty();
    }

    [Fact]
    public async Task What_lost_all_owners_goes_and_what_lost_one_forgets_it()
    {
        await AddAsync("owner");
        await AddAsync("lost", ">gone");
        await AddAsync("half", ">gone", ">owner");
        Decide().ShouldBe(["delete lost Background", "drop gone from half"]);
    }

    [Fact]
    public async Task An_owner_of_another_namespace_or_of_an_unknown_kind_is_told_apart()
    {
        await AddAsync("owner", "@other");
        await AddAsync("child", ">owner");
        await AddAsync("ward", ">?stranger");
        Decide().ShouldBe(["delete child Background"]);
    }

    [Fact]
    public async Task In_the_foreground_dependents_go_first_then_the_owner_is_released()
    {
        await AddAsync("owner", "!", "+foregroundDeletion");
        await AddAsync("child", ">>owner");
        await AddAsync("grandchild", ">>child");
        Decide().ShouldBe(["delete child Foreground"]);
        await _store.DeleteAsync(new StoreKey("configmaps", "ns", "child"), [], 0);
        Decide().ShouldBe(["delete grandchild Background", "release owner foregroundDeletion"]);
    }

    [Fact]
    public async Task Orphans_are_freed_before_their_owner()
    {
        await AddAsync("owner", "!", "+orphan");
        await AddAsync("child", ">owner");
        Decide().ShouldBe(["drop owner from child"]);
        await _store.DeleteAsync(new StoreKey("configmaps", "ns", "child"), [], 0);
        Decide().ShouldBe(["release owner orphan"]);
    }
}
