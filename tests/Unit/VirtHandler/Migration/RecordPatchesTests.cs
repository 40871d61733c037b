using System.Text.Json;
using System.Text.Json.Nodes;
using Godwit.Machinery;
using Godwit.Types;
using Godwit.VirtHandler.Migration;
using Shouldly;
using Xunit;

namespace Godwit.Unit.VirtHandler.Migration;

public sealed class RecordPatchesTests
{
    private static readonly DateTimeOffset Now = new(2030, 1, 2, 3, 4, 5, 678, TimeSpan.Zero);

    private static readonly VirtualMachineInstance Vmi = new()
    {
        Metadata = new ObjectMeta { Name = "guest", Namespace = "default", ResourceVersion = "7" },
        Status = new VirtualMachineInstanceStatus
        {
            OwnerPodUID = "s",
            NodeName = "node01",
            MigrationState = new MigrationState
            {
                MigrationUid = "m",
                SourcePodUID = "s",
                SourceNode = "node01",
                TargetPodUID = "t",
                TargetNode = "node02",
            },
        },
    };

    [Fact]
    public void The_last_figures_follow_the_commit()
    {
        var transfer = new System.Text.Json.Nodes.JsonObject { ["transferredBytes"] = 4711, ["percent"] = 97 };
        var figures = RecordPatches.Figures(Vmi.Status!.MigrationState!, 12, transfer);

        Should.Throw<JsonPatchException>(() => Apply(Vmi, figures));
        var after = Apply(Apply(Vmi, RecordPatches.Commit(Vmi, Now)), figures).Status!.MigrationState!;
        after.Transfer!.TransferredBytes.ShouldBe(4711);
        after.Transfer.Percent.ShouldBe(100);
        after.QemuDowntimeMs.ShouldBe(12);
    }

    [Fact]
    public void What_is_not_known_of_a_transfer_is_left_out_for_a_null_would_be_refused()
    {
        var transfer = RecordPatches.Transfer(new MonitorSample { Elapsed = TimeSpan.Zero }, new ProgressReport(0, null, null), Now);
        transfer.Where(static field => field.Value is null).ShouldBeEmpty();
        transfer.ContainsKey("etaMaxSeconds").ShouldBeFalse();
    }

    [Fact]
    public void A_commit_moves_owner_node_and_label_together()
    {
        var after = Apply(Vmi, RecordPatches.Commit(Vmi, Now));

        after.Status!.OwnerPodUID.ShouldBe("t");
        after.Status.NodeName.ShouldBe("node02");
        after.Metadata.Label(Labels.NodeName).ShouldBe("node02");
        after.Status.MigrationState!.PauseTimestamp.ShouldBe(Now);
    }

    [Fact]
    public void A_commit_is_refused_when_anything_was_written_since_it_was_read()
    {
        var changed = Vmi with { Metadata = Vmi.Metadata with { ResourceVersion = "8" } };
        Should.Throw<JsonPatchException>(() => Apply(changed, RecordPatches.Commit(Vmi, Now)));
    }

    [Fact]
    public void A_failure_is_refused_after_the_commit()
    {
        var committed = Apply(Vmi, RecordPatches.Commit(Vmi, Now));
        Should.Throw<JsonPatchException>(() => Apply(committed, RecordPatches.Failure(Vmi.Status!.MigrationState!, "late", null, Now)));
    }

    [Fact]
    public void A_hand_back_returns_the_guest_and_says_that_the_migration_has_failed()
    {
        var committed = Apply(Vmi, RecordPatches.Commit(Vmi, Now));

        var after = Apply(committed, RecordPatches.HandBack(committed, "the target ended", Now));

        after.Status!.OwnerPodUID.ShouldBe("s");
        after.Status.NodeName.ShouldBe("node01");
        after.Status.MigrationState!.Failed.ShouldBe(true);
        after.Status.MigrationState.Completed.ShouldBe(true);
    }

    [Fact]
    public void A_commit_moves_the_guests_address_with_it_and_leaves_alone_what_only_the_guest_knows()
    {
        var seen = Vmi with
        {
            Status = Vmi.Status! with
            {
                Interfaces =
                [
                    new InterfaceStatus { InterfaceName = "docker0", IpAddress = "172.17.0.1", InfoSource = "guest-agent" },
                    new InterfaceStatus { Name = "default", PodInterfaceName = "eth0", IpAddress = "10.0.1.2", IpAddresses = ["10.0.1.2"], Mac = "52:54:00:00:00:01" },
                ],
            },
        };

        var after = Apply(seen, RecordPatches.Commit(seen, Now, ["10.0.2.3", "fd00::3"])).Status!.Interfaces!;

        after[0].ShouldBe(seen.Status.Interfaces![0]);
        after[1].IpAddress.ShouldBe("10.0.2.3");
        after[1].IpAddresses.ShouldBe(["10.0.2.3", "fd00::3"]);
        after[1].Mac.ShouldBe("52:54:00:00:00:01");
        Apply(seen, RecordPatches.Commit(seen, Now)).Status!.Interfaces![1].IpAddress.ShouldBe("10.0.1.2");
    }

    [Fact]
    public void The_pause_is_from_the_sources_stop_to_the_targets_resume()
    {
        var committed = Apply(Vmi, RecordPatches.Commit(Vmi, Now));

        var after = Apply(committed, RecordPatches.Running(committed, Now.AddMicroseconds(34_500), Now));

        after.Status!.MigrationState!.PauseMs.ShouldBe(34.5);
        after.Status.MigrationState.Completed.ShouldBe(true);
        after.Status.MigrationState.TargetNodeDomainReadyTimestamp.ShouldNotBeNull();
    }

    [Fact]
    public void In_post_copy_the_arrival_is_told_first_and_the_end_when_all_has_come()
    {
        var committed = Apply(Vmi, RecordPatches.Commit(Vmi, Now, addresses: null, postCopy: true));
        committed.Status!.MigrationState!.Mode.ShouldBe("PostCopy");

        var arrived = Apply(committed, RecordPatches.Arrived(committed, Now.AddMilliseconds(40), Now));
        (arrived.Status!.MigrationState!.PauseMs, arrived.Status.MigrationState.Completed).ShouldBe((40, null));

        var whole = Apply(arrived, RecordPatches.Running(arrived, Now.AddSeconds(9), Now.AddSeconds(9)));
        whole.Status!.MigrationState!.ShouldSatisfyAllConditions(
            state => state.Completed.ShouldBe(true),
            state => state.PauseMs.ShouldBe(40),
            state => state.TargetNodeDomainReadyTimestamp.ShouldBe(arrived.Status.MigrationState.TargetNodeDomainReadyTimestamp));
    }

    [Fact]
    public void Breaks_of_post_copys_channel_are_counted()
    {
        var vmi = Apply(Vmi, RecordPatches.Commit(Vmi, Now, addresses: null, postCopy: true));
        vmi = Apply(vmi, RecordPatches.Channel(vmi.Status!.MigrationState!, MigrationChannel.Broken, "cut", Now));
        (vmi.Status!.MigrationState!.Channel!.State, vmi.Status.MigrationState.Channel.Breaks, vmi.Status.MigrationState.Channel.Reason)
            .ShouldBe(("Broken", 1, "cut"));
        vmi = Apply(vmi, RecordPatches.Channel(vmi.Status.MigrationState, MigrationChannel.Open, null, Now));
        (vmi.Status!.MigrationState!.Channel!.State, vmi.Status.MigrationState.Channel.Breaks, vmi.Status.MigrationState.Channel.Reason)
            .ShouldBe(("Open", 1, null));
    }

    [Fact]
    public void Of_decisions_the_latest_twenty_are_kept()
    {
        var vmi = Vmi;
        for (var i = 0; i < 25; i++)
        {
            vmi = Apply(vmi, RecordPatches.Decision(vmi.Status!.MigrationState!, $"a{i}", "why", Now));
        }

        vmi.Status!.MigrationState!.Decisions!.Count.ShouldBe(20);
        vmi.Status.MigrationState.Decisions[^1].Action.ShouldBe("a24");
    }

    [Theory]
    [InlineData(null, "PausedByMigrationMonitor")]
    [InlineData("PausedByUser", "PausedByUser")]
    public void A_pause_by_the_monitor_is_told_and_one_by_the_user_stays_the_users(string? before, string told)
    {
        var vmi = With(Vmi, before);
        var paused = Apply(vmi, RecordPatches.PausedByMonitor(vmi, "m", Now)!);

        paused.Status!.MigrationState!.Mode.ShouldBe("Paused");
        paused.Status.Conditions!.Count(condition => condition.Type == "Paused").ShouldBe(1);
        paused.Status.Conditions.Find("Paused")!.Reason.ShouldBe(told);
        paused.Status.Conditions.Find("LiveMigratable").ShouldNotBeNull();
        RecordPatches.PausedByMonitor(paused, "m", Now).ShouldBeNull();
    }

    [Fact]
    public void The_monitors_pause_says_why_and_since_when_as_KubeVirt_does()
    {
        var vmi = Vmi with { Status = Vmi.Status! with { Conditions = null } };
        var pause = Apply(vmi, RecordPatches.PausedByMonitor(vmi, "m", Now)!).Status!.Conditions.Find("Paused")!;

        (pause.Status, pause.Message).ShouldBe(("True", "VMI was paused by the migration monitor"));
        pause.LastTransitionTime.ShouldBe(Timestamps.Seconds(Now));
    }

    [Fact]
    public void The_monitors_pause_is_not_told_when_the_migration_has_failed_or_was_committed_or_is_another()
    {
        var failed = Apply(Vmi, RecordPatches.Failure(Vmi.Status!.MigrationState!, "why", null, Now));
        RecordPatches.PausedByMonitor(failed, "m", Now).ShouldBeNull();
        RecordPatches.PausedByMonitor(Apply(Vmi, RecordPatches.Commit(Vmi, Now)), "m", Now).ShouldBeNull();
        RecordPatches.PausedByMonitor(Vmi, "other", Now).ShouldBeNull();
        var changed = Vmi with { Metadata = Vmi.Metadata with { ResourceVersion = "8" } };
        Should.Throw<JsonPatchException>(() => Apply(changed, RecordPatches.PausedByMonitor(Vmi, "m", Now)!));
    }

    [Theory]
    [InlineData("PausedByMigrationMonitor", null)]
    [InlineData("PausedByUser", "PausedByUser")]
    public void The_monitors_pause_ends_when_the_guest_runs_at_the_target_and_the_users_does_not(string before, string? after)
    {
        var committed = Apply(With(Vmi, before), RecordPatches.Commit(Vmi, Now));

        var running = Apply(committed, RecordPatches.Running(committed, Now, Now));

        running.Status!.Conditions.Find("Paused")?.Reason.ShouldBe(after);
        running.Status.Conditions.Find("LiveMigratable").ShouldNotBeNull();
        var moved = committed with { Status = committed.Status! with { Conditions = [.. committed.Status.Conditions!.Reverse()] } };
        if (after is null)
        {
            Should.Throw<JsonPatchException>(() => Apply(moved, RecordPatches.Running(committed, Now, Now)));
        }
    }

    private static VirtualMachineInstance With(VirtualMachineInstance vmi, string? pausedReason)
    {
        Condition[] conditions = [new Condition { Type = "LiveMigratable", Status = "True", Reason = "R" }];
        return vmi with
        {
            Status = vmi.Status! with
            {
                Conditions = pausedReason is null ? conditions : [new Condition { Type = "Paused", Status = "True", Reason = pausedReason }, .. conditions],
            },
        };
    }

    private static VirtualMachineInstance Apply(VirtualMachineInstance vmi, JsonArray patch) =>
        JsonPatch.Apply(JsonSerializer.SerializeToNode(vmi, TypesJson.Default.VirtualMachineInstance), patch)
            .Deserialize(TypesJson.Default.VirtualMachineInstance)!;
}
