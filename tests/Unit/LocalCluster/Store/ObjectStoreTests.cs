using System.Text.Json.Nodes;
using CsCheck;
using Godwit.LocalCluster.Store;
using Shouldly;
using Xunit;

namespace Godwit.Unit.LocalCluster.Store;

public sealed class ObjectStoreTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly ObjectStore _store;

    public ObjectStoreTests() => _store = Open();

    private ObjectStore Open(string name = "state.db") => new(Path.Combine(_folder.Path, "store", name));

    [Fact]
    public async Task Each_write_has_a_revision_of_its_own_that_the_object_carries()
    {
        var one = await _store.CreateAsync(Key("a"), Thing("a", 1));
        var two = await _store.UpdateAsync(Key("a"), Thing("a", 2), one.Object!.Revision);
        var gone = await _store.DeleteAsync(Key("a"), Thing("a", 2), 0);
        (one.Object.Revision, two.Object!.Revision, gone.Object!.Revision).ShouldBe((1, 2, 3));
        two.Object.CreateRevision.ShouldBe(1);
        two.Object.ToJsonObject()["metadata"]!["resourceVersion"]!.GetValue<string>().ShouldBe("2");
        _store.Get(Key("a")).ShouldBeNull();
        _store.Revision.ShouldBe(3);
    }

    [Fact]
    public async Task A_write_is_refused_when_the_store_is_not_as_expected()
    {
        (await _store.UpdateAsync(Key("a"), Thing("a", 1), 0)).Outcome.ShouldBe(StoreOutcome.NotFound);
        (await _store.DeleteAsync(Key("a"), Thing("a", 1), 0)).Outcome.ShouldBe(StoreOutcome.NotFound);
        await _store.CreateAsync(Key("a"), Thing("a", 1));
        var again = await _store.CreateAsync(Key("a"), Thing("a", 2));
        (again.Outcome, Value(again.Object!)).ShouldBe((StoreOutcome.AlreadyExists, 1));
        (await _store.UpdateAsync(Key("a"), Thing("a", 2), 77)).Outcome.ShouldBe(StoreOutcome.RevisionChanged);
        (await _store.DeleteAsync(Key("a"), Thing("a", 2), 77)).Outcome.ShouldBe(StoreOutcome.RevisionChanged);
        _store.Revision.ShouldBe(1);
    }

    [Fact]
    public async Task Of_many_writers_with_one_revision_one_wins()
    {
        await _store.CreateAsync(Key("a"), Thing("a", 0));
        var results = await Task.WhenAll(Enumerable.Range(1, 50).Select(i => _store.UpdateAsync(Key("a"), Thing("a", i), 1)));
        results.Count(r => r.Outcome == StoreOutcome.Done).ShouldBe(1);
        Value(_store.Get(Key("a"))!).ShouldBe(Value(results.Single(r => r.Outcome == StoreOutcome.Done).Object!));
    }

    [Fact]
    public async Task A_list_is_in_the_order_of_namespaces_and_names()
    {
        foreach (var (ns, name) in ((string, string)[])[("b", "a"), ("a", "z"), ("a", "b"), ("a-b", "c")])
        {
            await _store.CreateAsync(new StoreKey("things", ns, name), Thing(name, 1));
        }

        _store.Snapshot.List("things").Select(o => o.Key.Path).ShouldBe(["a/b", "a/z", "a-b/c", "b/a"]);
        _store.Snapshot.List("things", "a").Select(o => o.Key.Name).ShouldBe(["b", "z"]);
        _store.Snapshot.List("others").ShouldBeEmpty();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task What_a_watch_shows_can_be_read_at_once_and_none_is_missed_however_fast_they_come(bool sleeps)
    {
        const int Writers = 8;
        const int Each = 250;
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        var watch = _store.Watch("things", 0);
        var writing = Task.WhenAll(Enumerable.Range(0, Writers).Select(writer => Task.Run(
            async () =>
            {
                for (var i = 0; i < Each; i++)
                {
                    await _store.CreateAsync(Key($"{writer}-{i}"), Thing("a", i));
                }
            },
            deadline.Token)));
        for (var seen = 0; seen < Writers * Each;)
        {
            var events = watch.Read();
            seen += events.Count;
            foreach (var change in events)
            {
                _store.Get(change.Object.Key).ShouldNotBeNull($"revision {change.Revision} was shown at {_store.Revision}");
            }

            if (events.Count == 0 && sleeps)
            {
                await watch.WaitAsync(deadline.Token);
            }

            deadline.Token.ThrowIfCancellationRequested();
        }

        await writing;
    }

    [Fact]
    public async Task A_watch_sees_what_came_after_its_revision_with_the_state_before()
    {
        await _store.CreateAsync(Key("a"), Thing("a", 1));
        var watch = _store.Watch("things", 1);
        watch.Read().ShouldBeEmpty();
        var waiting = watch.WaitAsync(TestContext.Current.CancellationToken);
        await _store.UpdateAsync(Key("a"), Thing("a", 2), 0);
        await waiting;
        var change = watch.Read().ShouldHaveSingleItem();
        (change.Type, Value(change.Object), Value(change.Previous!)).ShouldBe((StoreEventType.Modified, 2, 1));
        await _store.CreateAsync(new StoreKey("others", "", "o"), Thing("o", 1));
        watch.Read().ShouldBeEmpty();
        watch.Position.ShouldBe(3);
    }

    [Fact]
    public async Task However_many_watch_all_are_woken()
    {
        var watches = Enumerable.Range(0, 50).Select(_ => _store.Watch("things", 0)).ToList();
        var waiting = watches.ConvertAll(w =>
        {
            w.Read().ShouldBeEmpty();
            return w.WaitAsync(TestContext.Current.CancellationToken);
        });
        await _store.CreateAsync(Key("a"), Thing("a", 1));
        await Task.WhenAll(waiting);
        watches.ShouldAllBe(w => w.Read().Count == 1);
    }

    [Fact]
    public async Task Who_waits_for_some_resources_is_woken_by_their_changes_alone()
    {
        var ct = TestContext.Current.CancellationToken;
        await _store.CreateAsync(Key("a"), Thing("a", 1));
        var waiting = _store.WaitForChangeAsync(["others", "more"], _store.Revision, ct);
        await _store.CreateAsync(Key("b"), Thing("b", 1));
        waiting.IsCompleted.ShouldBeFalse();
        await _store.CreateAsync(new StoreKey("others", "", "o"), Thing("o", 1));
        await waiting;
        using var over = CancellationTokenSource.CreateLinkedTokenSource(ct);
        var cancelled = _store.WaitForChangeAsync(["others"], _store.Revision, over.Token);
        await over.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(() => cancelled);
    }

    [Fact]
    public async Task A_watch_that_fell_behind_is_served_from_the_history_until_that_is_compacted()
    {
        await _store.CreateAsync(Key("a"), Thing("a", 0));
        await Task.WhenAll(Enumerable.Range(1, 1500).Select(i => _store.UpdateAsync(Key("a"), Thing("a", i), 0)));
        var all = _store.Watch("things", 0).Read();
        all.Select(e => e.Revision).ShouldBe(Enumerable.Range(1, 1501).Select(i => (long)i));
        (all[0].Type, Value(all[^1].Object), Value(all[^1].Previous!)).ShouldBe((StoreEventType.Added, 1500, 1499));
        await _store.CompactAsync(1000);
        Should.Throw<StoreCompactedException>(() => _store.Watch("things", 100).Read()).Oldest.ShouldBe(1000);
        _store.Watch("things", 1000).Read().Count.ShouldBe(501);
    }

    [Fact]
    public async Task A_list_of_the_past_is_as_it_was_until_that_is_compacted()
    {
        await _store.CreateAsync(Key("a"), Thing("a", 1));
        await _store.CreateAsync(Key("b"), Thing("b", 1));
        await _store.UpdateAsync(Key("a"), Thing("a", 2), 0);
        await _store.DeleteAsync(Key("b"), Thing("b", 1), 0);
        _store.ListAt("things", "", 2).Select(o => (o.Key.Name, Value(o))).ShouldBe([("a", 1), ("b", 1)]);
        _store.ListAt("things", "", 3).Select(o => (o.Key.Name, Value(o))).ShouldBe([("a", 2), ("b", 1)]);
        await _store.CompactAsync(3);
        Should.Throw<StoreCompactedException>(() => _store.ListAt("things", "", 2).ToList());
        _store.ListAt("things", "", 3).Count().ShouldBe(2);
        _store.ListAt("things", "", 4).Count().ShouldBe(1);
    }

    [Fact]
    public async Task Revisions_go_on_after_everything_was_deleted_and_compacted()
    {
        await _store.CreateAsync(Key("a"), Thing("a", 1));
        await _store.DeleteAsync(Key("a"), Thing("a", 1), 0);
        await _store.CompactAsync(2);
        _store.Dispose();
        using var again = Open();
        again.Revision.ShouldBe(2);
        again.CompactedRevision.ShouldBe(2);
        (await again.CreateAsync(Key("a"), Thing("a", 1))).Object!.Revision.ShouldBe(3);
    }

    [Fact]
    public async Task A_store_that_is_closed_takes_no_write()
    {
        _store.Dispose();
        await Should.ThrowAsync<ObjectDisposedException>(() => _store.CreateAsync(Key("a"), Thing("a", 1)));
    }

    [Fact]
    public void A_file_that_is_no_store_is_named_in_the_error()
    {
        var path = Path.Combine(_folder.Path, "wrong.db");
        File.WriteAllText(path, new string('x', 10_000));
        Should.Throw<IOException>(() => new ObjectStore(path)).Message.ShouldStartWith($"the cluster's store {path} cannot be opened: ");
    }

    [Fact]
    public void Whatever_is_written_a_reopened_store_holds_what_a_dictionary_would()
    {
        var run = 0;
        Gen.Select(Gen.Int[0, 3], Gen.Int[0, 5], Gen.Int[0, 100]).Array[0, 40].Sample(
            steps =>
            {
                var file = $"model-{Interlocked.Increment(ref run)}.db";
                var model = new SortedDictionary<string, int>(StringComparer.Ordinal);
                using (var store = Open(file))
                {
                    var pending = steps.Select(step => Apply(store, model, step)).ToList();
                    Task.WaitAll(pending, TestContext.Current.CancellationToken);
                }

                using var again = Open(file);
                return again.Snapshot.List("things").Select(o => (o.Key.Name, Value(o))).SequenceEqual(model.Select(p => (p.Key, p.Value)));
            },
            iter: 30,
            threads: 1);
    }

    // All writes of a run are in flight together: the store must carry them out in the order in which they were given.
    private static Task Apply(ObjectStore store, SortedDictionary<string, int> model, (int Verb, int Name, int Value) step)
    {
        var name = $"n{step.Name}";
        switch (step.Verb)
        {
            case 0:
                model.TryAdd(name, step.Value);
                return store.CreateAsync(Key(name), Thing(name, step.Value));
            case 1:
                model.Remove(name);
                return store.DeleteAsync(Key(name), Thing(name, 0), 0);
            case 2:
                return store.CompactAsync(store.Revision);
            default:
                if (model.ContainsKey(name))
                {
                    model[name] = step.Value;
                }

                return store.UpdateAsync(Key(name), Thing(name, step.Value), 0);
        }
    }

    public void Dispose()
    {
        _store.Dispose();
        _folder.Dispose();
    }

    private static StoreKey Key(string name) => new("things", "ns", name);

    private static JsonObject Thing(string name, int value) => new()
    {
        ["apiVersion"] = "v1",
        ["kind"] = "Thing",
        ["metadata"] = new JsonObject { ["name"] = name },
        ["value"] = value,
    };

    private static int Value(StoredObject obj) => obj.ToJsonObject()["value"]!.GetValue<int>();
}
