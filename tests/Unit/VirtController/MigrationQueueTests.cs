using CsCheck;
using Godwit.Machinery;
using Godwit.Types;
using Godwit.VirtController;
using Shouldly;
using Xunit;
using Candidate = Godwit.VirtController.MigrationLimits.Candidate;

namespace Godwit.Unit.VirtController;

/// <summary>Who may begin to move, whatever is waiting and running; and that those who may hear of it.</summary>
public sealed class MigrationQueueTests
{
    private static readonly string[] Nodes = ["n0", "n1", "n2", "n3"];

    private static readonly Gen<MigrationConfiguration> Limits =
        Gen.Select(Gen.Long[0, 7], Gen.Long[0, 3], Gen.Long[0, 3]).Select((cluster, outbound, inbound) => MigrationSettings.Default with
        {
            ParallelMigrationsPerCluster = cluster,
            ParallelOutboundMigrationsPerNode = outbound,
            ParallelInboundMigrationsPerNode = inbound,
        });

    private static readonly Gen<Candidate> Any = Gen.Select(
            Gen.Int[0, 3],
            Gen.OneOf("", "Pending", "Pending", "Pending", "Scheduling", "Scheduled", "PreparingTarget", "Running"),
            Gen.OneOf(null, null, "system-critical", "user-triggered", "system-maintenance"),
            Gen.Int[0, 4],
            Gen.Frequency((1, Gen.Const(true)), (5, Gen.Const(false))),
            Gen.Int[0, 15],
            Gen.Int[0, 7])
        .Select((node, phase, priority, minute, held, targets, pod) => Make("", Nodes[node], phase, priority, minute) with
        {
            IsHeld = held,
            Targets = targets == 0 ? null : [.. Nodes.Where((_, i) => (targets & (1 << i)) != 0)],
            HasTargetPod = pod < 2,
            TargetNode = pod < 5 && (pod < 2 || phase is not ("" or "Pending")) ? Nodes[pod % 4] : null,
            TargetSince = Given.Now.AddSeconds(pod),
        });

    private static readonly Gen<Candidate[]> Many = Any.Array[0, 25].Select(all => all.Select((one, i) => Named(one, $"m{i}")).ToArray());

    [Fact]
    public void No_place_is_given_above_a_limit_and_none_to_whom_it_would_be_of_no_use() =>
        Gen.Select(Many, Limits).Sample((all, limits) =>
        {
            var active = all.Where(one => one.IsActive).ToList();
            var granted = MigrationLimits.Granted(all, limits);
            var full = Nodes.Where(node => all.Count(one => one.TargetNode == node) >= limits.ParallelInboundMigrationsPerNode).ToHashSet();
            granted.Count.ShouldBeLessThanOrEqualTo((int)Math.Max(0, limits.ParallelMigrationsPerCluster!.Value - active.Count));
            foreach (var node in granted.GroupBy(one => one.SourceNode))
            {
                (node.Count() + active.Count(one => one.SourceNode == node.Key)).ShouldBeLessThanOrEqualTo((int)limits.ParallelOutboundMigrationsPerNode!.Value);
            }

            granted.ShouldAllBe(one => !one.IsActive && !one.IsHeld && (one.Targets == null || one.Targets.Any(node => !full.Contains(node))));
        });

    [Fact]
    public void Who_waits_does_so_for_those_that_run_and_those_before_it_alone() =>
        Gen.Select(Many, Limits).Sample((all, limits) =>
        {
            var granted = MigrationLimits.Granted(all, limits);
            var full = Nodes.Where(node => all.Count(one => one.TargetNode == node) >= limits.ParallelInboundMigrationsPerNode).ToHashSet();
            foreach (var waiting in all.Where(one => one is { IsActive: false, IsHeld: false }).Except(granted))
            {
                var ahead = all.Where(one => one.IsActive).Concat(granted.Where(one => IsBefore(one, waiting))).ToList();
                (ahead.Count >= limits.ParallelMigrationsPerCluster
                    || ahead.Count(one => one.SourceNode == waiting.SourceNode) >= limits.ParallelOutboundMigrationsPerNode
                    || waiting.Targets?.All(full.Contains) == true || (waiting.Targets is not null && limits.ParallelInboundMigrationsPerNode == 0)).ShouldBeTrue();
            }
        });

    [Fact]
    public void Of_those_bound_to_a_node_as_many_arrive_as_may_the_first_first_and_none_that_arrives_is_held_up() =>
        Gen.Select(Many, Limits).Sample((all, limits) =>
        {
            var most = (int)limits.ParallelInboundMigrationsPerNode!.Value;
            foreach (var bound in all.Where(one => one.TargetNode is not null).GroupBy(one => one.TargetNode))
            {
                var may = bound.Where(one => MigrationLimits.HasInboundSlot(one.Migration.Metadata.Uid, all, limits)).ToList();
                may.Count.ShouldBe(Math.Min(most, bound.Count()));
                foreach (var other in bound.Except(may))
                {
                    may.ShouldAllBe(one => Arrives(one) != Arrives(other) ? Arrives(one) : one.TargetSince <= other.TargetSince);
                }
            }

            all.Where(one => one.TargetNode is null).ShouldAllBe(one => MigrationLimits.HasInboundSlot(one.Migration.Metadata.Uid, all, limits));
        });

    [Fact]
    public void The_queue_answers_as_the_rules_do_and_wakes_whoever_gets_a_place() =>
        Gen.Select(Gen.Select(Gen.Int[0, 6], Gen.Int[0, 7], Any).Array[1, 40], Limits).Sample((steps, limits) =>
        {
            var woken = new HashSet<string>();
            var queue = new MigrationQueue(() => limits, key => woken.Add(key.Name));
            var model = new Dictionary<string, Candidate>();
            foreach (var (step, i, any) in steps)
            {
                var name = $"m{i}";
                var (before, arriving) = (Granted(model, limits), Arriving(model, limits));
                var old = model.GetValueOrDefault(name);
                woken.Clear();
                switch (step)
                {
                    case <= 2:
                        // What a cache shows knows nothing of holds and targets, and does not take a made pod back.
                        var age = Make(name, "", "", i % 2 == 0 ? null : "system-critical", i / 3).Migration;
                        var seen = any with { Migration = any.Migration with { Metadata = age.Metadata, Spec = age.Spec } };
                        queue.Put(seen with { IsHeld = false, Targets = null });
                        model[name] = seen with { IsHeld = old?.IsHeld == true, Targets = old?.Targets, HasTargetPod = seen.HasTargetPod };
                        break;
                    case 3:
                        queue.Remove(Key(name));
                        model.Remove(name);
                        break;
                    case <= 5 when old is not null:
                        queue.Note(Key(name), any.IsHeld, any.Targets);
                        model[name] = old with { IsHeld = any.IsHeld, Targets = any.Targets };
                        break;
                    case 6 when old is not null:
                        queue.Begin(Key(name));
                        queue.Withdraw(Key(name));
                        model[name] = old with { HasTargetPod = false, IsHeld = true };
                        break;
                }

                foreach (var key in model.Keys)
                {
                    var places = queue.Look(Key(key));
                    places.HasSlot.ShouldBe(MigrationLimits.HasSlot(key, model.Values, limits));
                    places.HasInboundSlot.ShouldBe(MigrationLimits.HasInboundSlot(key, model.Values.Where(one => one.IsActive).ToList(), limits));
                }

                // The one that changed is looked at anyway.
                Granted(model, limits).Except(before).Where(one => one != name).ShouldBeSubsetOf(woken);
                if (step == 3)
                {
                    Arriving(model, limits).Except(arriving).ShouldBeSubsetOf(woken);
                }
            }
        }, iter: 3000);

    [Fact]
    public void All_that_wait_get_their_turn_by_being_woken_without_anybody_asking_twice() =>
        Gen.Select(Any.Array[1, 60], Limits, Gen.Int).Sample((all, limits, seed) =>
        {
            limits = limits with
            {
                ParallelMigrationsPerCluster = limits.ParallelMigrationsPerCluster + 1,
                ParallelOutboundMigrationsPerNode = limits.ParallelOutboundMigrationsPerNode + 1,
                ParallelInboundMigrationsPerNode = limits.ParallelInboundMigrationsPerNode + 1,
            };
            var work = new Queue<NamespacedName>();
            var queue = new MigrationQueue(() => limits, work.Enqueue);
            var waiting = all.Select((one, i) => Named(one with { HasTargetPod = false, TargetNode = null, IsHeld = false, Migration = one.Migration with { Status = null } }, $"m{i}")).ToDictionary(one => Key(one.Migration.Metadata.Name!));
            var running = new List<Candidate>();
            var (random, looks, done) = (new Random(seed), 0, 0);
            foreach (var (key, one) in waiting)
            {
                queue.Put(one);
                work.Enqueue(key);
            }

            while (done < all.Length)
            {
                while (work.TryDequeue(out var key))
                {
                    looks++;
                    if (waiting.TryGetValue(key, out var one) && queue.Look(key).HasSlot)
                    {
                        queue.Begin(key);
                        waiting.Remove(key);
                        running.Add(one);
                    }
                }

                running.Count.ShouldBeLessThanOrEqualTo((int)limits.ParallelMigrationsPerCluster!.Value);
                running.GroupBy(one => one.SourceNode).ShouldAllBe(node => node.Count() <= limits.ParallelOutboundMigrationsPerNode);
                running.ShouldNotBeEmpty("nobody runs and nobody was woken");
                var end = running[random.Next(running.Count)];
                running.Remove(end);
                queue.Remove(end.Migration.Key());
                done++;
            }

            looks.ShouldBeLessThanOrEqualTo(3 * all.Length);
        });

    private static bool Arrives(Candidate one) => one.Migration.Status?.Phase is "PreparingTarget" or "TargetReady" or "Running";

    private static bool IsBefore(Candidate one, Candidate other)
    {
        var (a, b) = (MigrationPriorities.Rank(one.Migration.Spec!.Priority), MigrationPriorities.Rank(other.Migration.Spec!.Priority));
        var (since, than) = (one.Migration.Metadata.CreationTimestamp, other.Migration.Metadata.CreationTimestamp);
        return a != b ? a > b : since != than ? since < than : string.CompareOrdinal(one.Migration.Metadata.Uid, other.Migration.Metadata.Uid) < 0;
    }

    private static HashSet<string> Granted(Dictionary<string, Candidate> model, MigrationConfiguration limits) =>
        [.. MigrationLimits.Granted(model.Values, limits).Select(one => one.Migration.Metadata.Name!)];

    private static HashSet<string> Arriving(Dictionary<string, Candidate> model, MigrationConfiguration limits)
    {
        var active = model.Values.Where(one => one.IsActive).ToList();
        return [.. active.Where(one => one.TargetNode is not null).Select(one => one.Migration.Metadata.Name!).Where(one => MigrationLimits.HasInboundSlot(one, active, limits))];
    }

    private static NamespacedName Key(string name) => new("default", name);

    private static Candidate Named(Candidate one, string name) => one with
    {
        Migration = one.Migration with { Metadata = one.Migration.Metadata with { Name = name, Uid = name } },
    };

    private static Candidate Make(string uid, string node, string phase, string? priority, int minute)
    {
        var migration = Given.Migration(phase, uid);
        return new Candidate(
            migration with
            {
                Metadata = migration.Metadata with { Name = uid, CreationTimestamp = Given.Now.AddMinutes(minute) },
                Spec = migration.Spec! with { Priority = priority },
            },
            node,
            HasTargetPod: false);
    }
}
