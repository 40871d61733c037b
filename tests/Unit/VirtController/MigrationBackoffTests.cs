using CsCheck;
using Godwit.Types;
using Godwit.VirtController;
using Shouldly;
using Xunit;

namespace Godwit.Unit.VirtController;

public sealed class MigrationBackoffTests
{
    private const string Stuck = "Live migration stuck for 150 sec and has been aborted";

    [Theory]
    [InlineData(Stuck, FailureCause.NotConverging)]
    [InlineData("Live migration is not completed after 321 sec and has been aborted", FailureCause.NotConverging)]
    [InlineData("Target pod is down", FailureCause.TargetDied)]
    [InlineData("Migration target pod was removed during active migration.", FailureCause.TargetDied)]
    [InlineData("Migration failed because target pod shutdown during migration (exit code 137, OOMKilled)", FailureCause.TargetDied)]
    [InlineData("Migration failed because target pod p did not become ready within 300 s: 0/2 nodes are available: 2 Insufficient memory.", FailureCause.NoCapacity)]
    [InlineData("pods \"p\" is forbidden: exceeded quota: q", FailureCause.NoCapacity)]
    [InlineData("the target's hardware is not the guest's: disk0", FailureCause.Incompatible)]
    [InlineData("Unknown ramblock \"pc.ram\", cannot accept migration", FailureCause.Incompatible)]
    [InlineData("Unable to write to socket: Connection reset by peer", FailureCause.Network)]
    [InlineData("Unable to write to socket: Broken pipe", FailureCause.Network)]
    [InlineData("load of migration failed: Input/output error", FailureCause.Network)]
    [InlineData("load of migration failed: Invalid argument", FailureCause.Incompatible)]
    [InlineData("the target did not take the connection in time", FailureCause.Network)]
    [InlineData("Migration failed because target pod p did not become ready within 900 s: manifest unknown", FailureCause.Other)]
    [InlineData("Migration failed vmi shutdown during migration.", FailureCause.Other)]
    [InlineData("", FailureCause.Other)]
    [InlineData(null, FailureCause.Other)]
    public void What_is_on_record_tells_the_cause(string? reason, FailureCause cause) => FailureCauses.Of(reason).ShouldBe(cause);

    [Fact]
    public void A_quota_that_refused_the_pod_is_a_lack_of_room()
    {
        var migration = Automatic("Failed", "a", 1);
        FailureCauses.Of(migration with
        {
            Status = migration.Status! with
            {
                Conditions = [new Condition { Type = Conditions.MigrationRejectedByResourceQuota, Status = "True" }],
            },
        }).ShouldBe(FailureCause.NoCapacity);
    }

    [Theory]
    [InlineData("Target pod is down", 5, 10)]
    [InlineData("Connection refused", 10, 20)]
    [InlineData("", 20, 40)]
    [InlineData("0/2 nodes are available", 60, 120)]
    [InlineData(Stuck, 60, 120)]
    [InlineData("the target's hardware is not the guest's", 300, 600)]
    public void Each_cause_has_its_own_wait_that_doubles(string reason, int first, int second)
    {
        Wait(Automatic("Failed", "a", 1, reason))!.Left.ShouldBe(TimeSpan.FromSeconds(first));
        Wait(Automatic("Failed", "a", 1, reason), Automatic("Failed", "b", 2, reason))!.Left.ShouldBe(TimeSpan.FromSeconds(second));
        var many = Enumerable.Range(0, 30).Select(i => Automatic("Failed", $"m{i}", i, reason)).ToArray();
        Wait(many)!.Left.ShouldBe(MigrationBackoff.Delays(FailureCauses.Of(reason)).Longest);
    }

    [Fact]
    public void The_last_failure_gives_the_cause_and_a_success_forgets_them_all()
    {
        var wait = Wait(Automatic("Failed", "a", 1, Stuck), Automatic("Failed", "b", 2, "Target pod is down"))!;
        (wait.Cause, wait.Failures, wait.Left).ShouldBe((FailureCause.TargetDied, 2, TimeSpan.FromSeconds(10)));
        Wait().ShouldBeNull();
        Wait(Automatic("Failed", "a", 1), Automatic("Succeeded", "b", 2)).ShouldBeNull();
        Wait(Automatic("Succeeded", "a", 1), Automatic("Failed", "b", 2)).ShouldNotBeNull();
    }

    [Fact]
    public void Failures_of_what_a_user_asked_for_and_of_what_was_cancelled_do_not_count()
    {
        Wait(Given.Migration("Failed", "a")).ShouldBeNull();
        var cancelled = Automatic("Failed", "a", 1);
        Wait(cancelled with { Metadata = cancelled.Metadata with { DeletionTimestamp = Given.Now } }).ShouldBeNull();
    }

    [Fact]
    public void A_users_migration_and_one_with_the_bypass_never_wait()
    {
        var failed = Automatic("Failed", "a", 1);
        MigrationBackoff.Decide(Facts(Given.Migration("Pending"), failed)).ShouldBeNull();
        var hurried = Automatic("Pending", "new", 9);
        hurried = hurried with
        {
            Metadata = hurried.Metadata with
            {
                Annotations = new Dictionary<string, string>
                {
                    [Annotations.EvacuationMigration] = "node01",
                    [Annotations.IgnoreMigrationBackoff] = "",
                },
            },
        };
        MigrationBackoff.Decide(Facts(hurried, failed)).ShouldBeNull();
    }

    [Fact]
    public void The_VMI_and_the_migration_are_told_why_and_until_when_and_only_once()
    {
        var facts = Facts(Automatic("Pending", "new", 9), Automatic("Failed", "a", 1, "Target pod is down"));
        var plan = MigrationDecisions.Decide(facts);
        const string Words = "the last attempt failed, as the target ended (Target pod is down); the next one comes at 2026-03-22T10:00:05Z";
        var word = plan.Events.Single();
        (word.Reason, word.OnVmi, word.Warning).ShouldBe(("MigrationBackoff", true, true));
        word.Message.ShouldBe($"backoff migrating vmi default/vmi-fedora: {Words}");
        plan.Migration.Status!.Conditions.Find(Conditions.MigrationWaiting)!.Message.ShouldBe(Words);
        plan.CreateTargetPod.ShouldBeFalse();
        plan.Again.ShouldBe(TimeSpan.FromSeconds(5));
        var again = MigrationDecisions.Decide(facts with { Migration = plan.Migration, Wall = Given.Now.AddSeconds(1) });
        again.Events.ShouldBeEmpty();
        again.Again.ShouldBe(TimeSpan.FromSeconds(4));
        var after = MigrationDecisions.Decide(facts with { Migration = plan.Migration, Wall = Given.Now.AddSeconds(6) });
        after.CreateTargetPod.ShouldBeTrue();
        after.Migration.Status!.Conditions.Find(Conditions.MigrationWaiting).ShouldBeNull();
    }

    [Fact]
    public void A_failure_before_the_hand_off_is_on_record_too()
    {
        var pod = Given.TargetPod(PodPhases.Pending);
        pod = pod with
        {
            Status = pod.Status! with
            {
                Conditions =
                [
                    new Condition { Type = Conditions.PodScheduled, Status = "False", Reason = "Unschedulable", Message = "0/2 nodes are available: 2 Insufficient memory." },
                ],
            },
        };
        var failed = MigrationDecisions.Decide(Facts(Given.Migration("Scheduling")) with { TargetPod = pod, Wall = Given.Now.AddSeconds(301) }).Migration;
        failed.Status!.Phase.ShouldBe("Failed");
        FailureCauses.Of(failed).ShouldBe(FailureCause.NoCapacity);
    }

    [Fact]
    public void The_wait_is_the_causes_own_doubled_for_each_failure_since_the_last_success_and_counted_from_the_newest() =>
        Gen.Select(
            Gen.Select(Gen.Frequency((12, Gen.Const("Failed")), (1, Gen.Const("Succeeded")), (1, Gen.Const("Running"))), Gen.Bool, Gen.Frequency((1, Gen.Const(true)), (6, Gen.Const(false))), Gen.OneOf("Target pod is down", Stuck, "", "Connection refused")).Array[0, 20],
            Gen.Int[0, 4_000],
            Gen.Int).Sample((history, seconds, seed) =>
        {
            // The last of them ended last, right now.
            VirtualMachineInstanceMigration[] earlier = [.. history.Select((one, i) => Earlier(one.Item1, $"m{i}", i, one.Item2, one.Item3, one.Item4))];
            var counted = earlier.Where(one => one.IsFinal()).Reverse().TakeWhile(one => one.Status!.Phase == "Failed")
                .Where(one => one.Metadata.Annotations is not null && !one.IsDeleting()).ToList();
            new Random(seed).Shuffle(earlier);
            var facts = Facts(Automatic("Pending", "new", 99), earlier) with { Wall = Given.Now.AddSeconds(seconds) };

            var wait = MigrationBackoff.Decide(facts);

            var (first, longest) = MigrationBackoff.Delays(counted.Count > 0 ? FailureCauses.Of(counted[0]) : FailureCause.Other);
            var whole = counted.Count == 0 ? TimeSpan.Zero : TimeSpan.FromSeconds(Math.Min(first.TotalSeconds * Math.Pow(2, counted.Count - 1), longest.TotalSeconds));
            (wait?.Left).ShouldBe(whole > TimeSpan.FromSeconds(seconds) ? whole - TimeSpan.FromSeconds(seconds) : null);
            if (wait is not null)
            {
                (wait.Failures, wait.Until).ShouldBe((counted.Count, facts.Now + wait.Left));
            }

            MigrationBackoff.Decide(facts with { Migration = Given.Migration("Pending", "new") }).ShouldBeNull();
        }, iter: 1000);

    private static VirtualMachineInstanceMigration Earlier(string phase, string uid, int minute, bool automatic, bool deleted, string reason)
    {
        var one = Automatic(phase, uid, minute, reason);
        return one with
        {
            Metadata = one.Metadata with
            {
                Annotations = automatic ? one.Metadata.Annotations : null,
                DeletionTimestamp = deleted ? Given.Now : null,
            },
        };
    }

    private static BackoffWait? Wait(params VirtualMachineInstanceMigration[] earlier) =>
        MigrationBackoff.Decide(Facts(Automatic("Pending", "new", 99), earlier));

    private static MigrationFacts Facts(VirtualMachineInstanceMigration migration, params VirtualMachineInstanceMigration[] earlier) => new()
    {
        Migration = migration,
        Vmi = Given.RunningVmi(),
        OwnerPod = Given.Pod("source-uid"),
        UnfinishedPods = 1,
        Siblings = [.. earlier, migration],
        Wall = Given.Now,
    };

    private static VirtualMachineInstanceMigration Automatic(string phase, string uid, int minute, string? reason = null)
    {
        var migration = Given.Migration(phase, uid);
        return migration with
        {
            Metadata = migration.Metadata with
            {
                CreationTimestamp = Given.Now.AddMinutes(minute),
                Annotations = new Dictionary<string, string> { [Annotations.EvacuationMigration] = "node01" },
            },
            Status = migration.Status! with { MigrationState = new MigrationState { FailureReason = reason } },
        };
    }
}
