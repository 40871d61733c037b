using System.Net;
using System.Text.Json.Nodes;
using Godwit.LocalCluster.Services;
using Shouldly;
using Xunit;

namespace Godwit.Unit.LocalCluster.Services;

public sealed class ServiceRulesTests
{
    private static readonly IPNetwork Pods = IPNetwork.Parse("10.98.1.0/24");

    [Fact]
    public void A_service_leads_to_each_of_its_ready_endpoints()
    {
        var rules = Rules(Service("10.97.0.5"), Slice(Endpoint("10.98.1.2"), Endpoint("10.98.2.3"), Endpoint("10.98.2.4", ready: false)));
        rules.ShouldContain("map services { type ipv4_addr . inet_proto . inet_service : verdict; elements = { 10.97.0.5 . tcp . 80 : goto service-0 } }");
        rules.ShouldContain("meta l4proto tcp dnat ip to numgen random mod 2 map { 0 : 10.98.1.2 . 8080, 1 : 10.98.2.3 . 8080 }");
        rules.ShouldNotContain("10.98.2.4");
        rules.ShouldContain("set refused { type ipv4_addr . inet_proto . inet_service; }");
    }

    [Fact]
    public void Without_endpoints_connections_are_refused()
    {
        Rules(Service("10.97.0.5"), Slice(Endpoint("10.98.1.2", ready: false)))
            .ShouldContain("set refused { type ipv4_addr . inet_proto . inet_service; elements = { 10.97.0.5 . tcp . 80 } }");
        Rules(Service("10.97.0.5")).ShouldContain("elements = { 10.97.0.5 . tcp . 80 } }");
    }

    [Fact]
    public void Where_none_is_ready_those_that_are_ending_but_serve_are_taken()
    {
        Rules(Service("10.97.0.5"), Slice(Endpoint("10.98.1.2", ready: false, leaving: true))).ShouldContain("map { 0 : 10.98.1.2 . 8080 }");
        Rules(Service("10.97.0.5"), Slice(Endpoint("10.98.1.2", ready: false, leaving: true), Endpoint("10.98.1.3"))).ShouldContain("map { 0 : 10.98.1.3 . 8080 }");
    }

    [Fact]
    public void A_port_of_the_nodes_leads_there_too_and_its_answers_come_back_to_the_node()
    {
        var rules = Rules(Service("10.97.0.5", "NodePort"), Slice(Endpoint("10.98.2.3")));
        rules.ShouldContain("elements = { tcp . 30080 : goto node-port-0 } }");
        rules.ShouldContain("meta mark set meta mark or 0x4000 goto service-0");
        rules.ShouldContain("meta mark and 0x4000 == 0x4000 masquerade");
        rules.ShouldContain("ct status dnat ip saddr 10.98.1.0/24 ip daddr 10.98.1.0/24 masquerade");
    }

    [Theory]
    [InlineData("None")]
    [InlineData("")]
    [InlineData("fd00::1")]
    public void A_service_without_an_address_of_this_family_has_no_rules(string address) =>
        Rules(Service(address), Slice(Endpoint("10.98.1.2"))).ShouldNotContain("service-0");

    [Fact]
    public void Slices_of_other_services_and_namespaces_do_not_count()
    {
        var other = Slice(Endpoint("10.98.1.2"));
        other["metadata"]!["namespace"] = "elsewhere";
        Rules(Service("10.97.0.5"), other).ShouldNotContain("10.98.1.2");
    }

    private static string Rules(JsonObject service, params JsonObject[] slices) => ServiceRules.Ruleset([service], slices, Pods);

    private static JsonObject Service(string address, string type = "ClusterIP") => new()
    {
        ["metadata"] = new JsonObject { ["name"] = "web", ["namespace"] = "default" },
        ["spec"] = new JsonObject
        {
            ["type"] = type,
            ["clusterIP"] = address,
            ["ports"] = new JsonArray(new JsonObject { ["name"] = "http", ["port"] = 80, ["nodePort"] = 30080, ["protocol"] = "TCP" }),
        },
    };

    private static JsonObject Slice(params JsonObject[] endpoints) => new()
    {
        ["metadata"] = new JsonObject
        {
            ["name"] = "web-1",
            ["namespace"] = "default",
            ["labels"] = new JsonObject { ["kubernetes.io/service-name"] = "web" },
        },
        ["addressType"] = "IPv4",
        ["endpoints"] = new JsonArray([.. endpoints]),
        ["ports"] = new JsonArray(new JsonObject { ["name"] = "http", ["port"] = 8080, ["protocol"] = "TCP" }),
    };

    private static JsonObject Endpoint(string address, bool ready = true, bool leaving = false) => new()
    {
        ["addresses"] = new JsonArray(address),
        ["conditions"] = new JsonObject { ["ready"] = ready, ["serving"] = ready || leaving, ["terminating"] = leaving },
    };
}
