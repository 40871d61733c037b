using System.Text.Json.Nodes;
using Godwit.Types;
using Godwit.VirtController;
using Shouldly;
using Xunit;

namespace Godwit.Unit.VirtController;

public sealed class InstallationTests
{
    private static readonly Readiness Well = new([], []);

    [Fact]
    public void It_is_deployed_once_all_works_and_says_so_once()
    {
        var once = InstallationDecisions.Decide(new KubeVirt(), "0.1.0", Well, [], Given.Now);
        once.Status!.Phase.ShouldBe("Deployed");
        once.Status.Conditions.IsTrue("Available").ShouldBeTrue();
        once.Status.Conditions.IsTrue("Progressing").ShouldBeFalse();
        once.Status.Conditions.IsTrue("Degraded").ShouldBeFalse();
        JsonEquality.Same(once, InstallationDecisions.Decide(once, "0.1.0", Well, [], Given.Now.AddHours(1)), TypesJson.Default.KubeVirt)
            .ShouldBeTrue();
    }

    [Fact]
    public void Until_then_it_is_being_deployed_and_says_what_is_lacking()
    {
        var begun = InstallationDecisions.Decide(new KubeVirt(), "0.1.0", new(["a is missing", "b is away"], []), [], Given.Now);
        begun.Status!.Phase.ShouldBe("Deploying");
        begun.Status.Conditions.IsTrue("Progressing").ShouldBeTrue();
        begun.Status.Conditions.IsTrue("Degraded").ShouldBeFalse();
        var available = begun.Status.Conditions.Find("Available")!;
        (available.Status, available.Reason, available.Message).ShouldBe(("False", "DeploymentInProgress", "a is missing; b is away."));
    }

    [Fact]
    public void What_worked_and_no_longer_does_is_degraded_but_stays_deployed()
    {
        var once = InstallationDecisions.Decide(new KubeVirt(), "0.1.0", Well, [], Given.Now);
        var hurt = InstallationDecisions.Decide(once, "0.1.0", new(["b is away"], ["node02"]), [], Given.Now.AddHours(1));
        hurt.Status!.Phase.ShouldBe("Deployed");
        hurt.Status.Conditions.IsTrue("Available").ShouldBeFalse();
        hurt.Status.Conditions.IsTrue("Progressing").ShouldBeFalse();
        var degraded = hurt.Status.Conditions.Find("Degraded")!;
        (degraded.Status, degraded.Reason, degraded.Message).ShouldBe(("True", "ComponentsNotReady", "b is away."));
    }

    [Fact]
    public void A_silent_node_among_others_degrades_it_while_it_stays_available()
    {
        var hurt = InstallationDecisions.Decide(new KubeVirt(), "0.1.0", new([], ["node02", "node03"]), [], Given.Now);
        hurt.Status!.Conditions.IsTrue("Available").ShouldBeTrue();
        var degraded = hurt.Status.Conditions.Find("Degraded")!;
        (degraded.Status, degraded.Reason).ShouldBe(("True", "NodesSilent"));
        degraded.Message!.ShouldContain("5 minutes on node02, node03;");
    }

    [Fact]
    public void It_works_where_virt_api_serves_and_some_node_is_ready()
    {
        var readiness = Readiness.Of([Service("v1.subresources.kubevirt.io", true)], [Node("node01", "true"), Node("node02", "false")], NeverHeard);
        readiness.Lacking.ShouldBeEmpty();
        readiness.Silent.ShouldBeEmpty();
    }

    [Fact]
    public void What_is_lacking_is_named_with_its_cause()
    {
        var readiness = Readiness.Of(
            [Service("v1.subresources.kubevirt.io", true), Service("v1alpha3.subresources.kubevirt.io", false, "connection refused")],
            [Node("node01", null)],
            NeverHeard);
        readiness.Lacking.Count.ShouldBe(2);
        readiness.Lacking[0].ShouldBe("virt-api does not serve v1alpha3.subresources.kubevirt.io: connection refused");
        readiness.Lacking[1].ShouldContain("virt-handler is ready on none of 1 nodes");
        Readiness.Of([], [], NeverHeard).Lacking[0].ShouldContain("no APIService names virt-api");
    }

    [Fact]
    public void A_node_is_silent_five_minutes_after_its_last_heartbeat()
    {
        var service = Service("v1.subresources.kubevirt.io", true);
        Readiness.Of([service], [Node("node01", "true")], static _ => TimeSpan.FromMinutes(4)).Silent.ShouldBeEmpty();
        Readiness.Of([service], [Node("node01", "true")], static _ => TimeSpan.FromMinutes(6)).Silent.ShouldBe(["node01"]);
    }

    private static TimeSpan? NeverHeard(Node node) => null;

    private static JsonObject Service(string name, bool available, string? message = null) => new()
    {
        ["metadata"] = new JsonObject { ["name"] = name },
        ["status"] = new JsonObject
        {
            ["conditions"] = new JsonArray(new JsonObject { ["type"] = "Available", ["status"] = available ? "True" : "False", ["message"] = message }),
        },
    };

    private static Node Node(string name, string? schedulable) => new()
    {
        Metadata = new()
        {
            Name = name,
            Labels = schedulable is null ? null : new Dictionary<string, string> { [Labels.Schedulable] = schedulable },
        },
    };
}
