using System.Net;
using Godwit.Cli;
using Godwit.Cli.Host;
using Shouldly;
using Xunit;

namespace Godwit.Tests.Unit.Cli;

public sealed class SettingsChoiceTests
{
    [Fact]
    public void Nothing_said_means_two_nodes_and_the_usual_ports()
    {
        var settings = Decide(new());
        settings.Nodes.ShouldBe(["node01", "node02"]);
        (settings.ApiPort, settings.WebhookPort, settings.Name).ShouldBe((6443, 9443, "godwit"));
    }

    [Fact]
    public void One_port_moves_both() => Decide(new() { Port = 7000 }).WebhookPort.ShouldBe(10000);

    [Fact]
    public void The_port_of_the_metrics_moves_with_it_and_gives_way_to_whoever_has_it()
    {
        Decide(new()).MetricsPort.ShouldBe(8443);
        Decide(new() { Port = 7000 }).MetricsPort.ShouldBe(9000);
        SettingsChoice.Decide(new(), new ClusterSettings { MetricsPort = 8450 }, [], static port => port is not 8450).MetricsPort.ShouldBe(8451);
    }

    [Fact]
    public void Auto_takes_the_first_free_networks_and_ports()
    {
        var settings = SettingsChoice.Decide(
            new() { Auto = true }, earlier: null, [IPNetwork.Parse("10.98.3.0/24"), IPNetwork.Parse("172.17.0.0/16")], static port => port is not (6443 or 9443));
        (settings.NodeCidr, settings.PodCidr, settings.ServiceCidr).ShouldBe(("10.96.0.0/24", "10.95.0.0/16", "10.94.0.0/16"));
        (settings.ApiPort, settings.WebhookPort).ShouldBe((6444, 9444));
    }

    [Fact]
    public void A_cluster_that_starts_again_keeps_what_was_decided()
    {
        var earlier = new ClusterSettings { Name = "two", Nodes = ["node01"], ApiPort = 7443, NodeCidr = "10.1.0.0/24" };
        var settings = SettingsChoice.Decide(new() { Auto = true }, earlier, [], static _ => true);
        (settings.Name, settings.Nodes.Count, settings.ApiPort, settings.NodeCidr).ShouldBe(("two", 1, 7443, "10.1.0.0/24"));
    }

    [Fact]
    public void A_bare_cluster_stays_bare_and_no_other_becomes_it()
    {
        Decide(new() { Bare = true }).Bare.ShouldBeTrue();
        SettingsChoice.Decide(new(), new ClusterSettings { Bare = true }, [], static _ => true).Bare.ShouldBeTrue();
        Should.Throw<CliException>(static () => SettingsChoice.Decide(new() { Bare = true }, new ClusterSettings(), [], static _ => true))
            .Message.ShouldContain("Godwit in it");
    }

    [Theory]
    [InlineData("Godwit")]
    [InlineData("2nd")]
    [InlineData("with-hyphen")]
    [InlineData("much-too-long-a-name")]
    public void A_name_that_cannot_name_an_interface_is_refused(string name) =>
        Should.Throw<CliException>(() => Decide(new() { Name = name })).Message.ShouldContain(name);

    [Theory]
    [InlineData(0)]
    [InlineData(51)]
    public void A_number_of_nodes_out_of_range_is_refused(int nodes) =>
        Should.Throw<CliException>(() => Decide(new() { Nodes = nodes })).Message.ShouldContain(nodes.ToString());

    [Fact]
    public void The_grace_period_of_silent_nodes_is_forty_seconds_unless_it_is_said_and_then_stays()
    {
        Decide(new()).NodeMonitorGraceSeconds.ShouldBe(40);
        SettingsChoice.Decide(new(), Decide(new() { NodeMonitorGraceSeconds = 8 }), [], static _ => true).NodeMonitorGraceSeconds.ShouldBe(8);
        Should.Throw<CliException>(static () => Decide(new() { NodeMonitorGraceSeconds = 1 })).Message.ShouldContain("--node-monitor-grace-period 1");
    }

    [Fact]
    public void Another_name_for_a_folder_that_has_one_is_refused() =>
        Should.Throw<CliException>(() => SettingsChoice.Decide(new() { Name = "b" }, new() { Name = "a" }, [], static _ => true)).Message.ShouldContain("\"a\"");

    [Theory]
    [InlineData("10.0.0.0/8", "10.98.0.0/16", true)]
    [InlineData("10.98.4.0/24", "10.98.0.0/16", true)]
    [InlineData("10.97.0.0/16", "10.98.0.0/16", false)]
    public void Networks_overlap_when_one_holds_the_other(string a, string b, bool overlap) =>
        Networks.Overlap(IPNetwork.Parse(a), IPNetwork.Parse(b)).ShouldBe(overlap);

    private static ClusterSettings Decide(UpOptions options) => SettingsChoice.Decide(options, earlier: null, [], static _ => true);
}
