using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;
using Godwit.LocalCluster.Admission;
using Godwit.LocalCluster.ApiServer.Admission;
using Godwit.LocalCluster.ApiServer.Resources;
using Godwit.Machinery;
using Godwit.Types;
using Godwit.Unit.LocalCluster.Schema;
using Shouldly;
using Xunit;

namespace Godwit.Unit.LocalCluster.Admission;

/// <summary>The policy of deploy/vmi-policy.yaml, as it is installed.</summary>
public sealed class VmiPolicyTests
{
    private const string Unknown = "Node restriction failed, virt-handler service account is missing node name";
    private const string Foreign = "Node restriction, virt-handler is only allowed to modify VMIs it owns";
    private const string Source = "Node restriction, virt-handler of a migration's source is only allowed to tell its last figures and how it forwards connections once the guest has moved";
    private const string Target = "Node restriction, virt-handler is not allowed to set target node";
    private const string Sockets = "CPU topology maxSockets changed";
    private const string Memory = "Memory maxGuest changed";

    private static readonly ResourceInfo Vmis = new()
    {
        Group = "kubevirt.io",
        Plural = "virtualmachineinstances",
        Singular = "virtualmachineinstance",
        Kind = "VirtualMachineInstance",
        Namespaced = true,
        Versions = [new ResourceVersionInfo { Name = "v1", Storage = true }, new ResourceVersionInfo { Name = "v1alpha3" }],
    };

    private static readonly List<JsonObject> Documents = [.. Yaml.ParseObjects(File.ReadAllText(PolicyFile()))];

    /// <summary>Node of the agent, status before, status after, what is held against it.</summary>
    public static TheoryData<string?, string, string, string> Agents { get; } = new()
    {
        { null, """{"nodeName":"a"}""", """{"nodeName":"a"}""", Unknown },
        { "", """{"nodeName":"a"}""", """{"nodeName":"a"}""", Unknown },
        { "a", """{"nodeName":"a","phase":"Scheduled"}""", """{"nodeName":"a","phase":"Running"}""", "" },
        { "b", """{"nodeName":"a"}""", """{"nodeName":"a","phase":"Failed"}""", Foreign },
        { "b", "{}", """{"nodeName":"b"}""", Foreign },
        { "b", """{"nodeName":"a","migrationState":{"sourceNode":"a"}}""", """{"nodeName":"b","migrationState":{"sourceNode":"a"}}""", Foreign },

        // The target's agent, before and after the hand-over; and the source's until then.
        { "b", """{"nodeName":"a","migrationState":{"sourceNode":"a","targetNode":"b"}}""", """{"nodeName":"a","migrationState":{"sourceNode":"a","targetNode":"b","targetNodeAddress":"x"}}""", "" },
        { "a", """{"nodeName":"a","migrationState":{"sourceNode":"a","targetNode":"b"}}""", """{"nodeName":"b","migrationState":{"sourceNode":"a","targetNode":"b"}}""", "" },
        { "b", """{"nodeName":"b","migrationState":{"sourceNode":"a","targetNode":"b"}}""", """{"nodeName":"b","migrationState":{"sourceNode":"a","targetNode":"b","completed":true}}""", "" },
        { "b", """{"nodeName":"b","migrationState":{"sourceNode":"a","targetNode":"b"}}""", """{"nodeName":"a","migrationState":{"sourceNode":"a","targetNode":"b","failed":true}}""", "" },
        { "c", """{"nodeName":"a","migrationState":{"sourceNode":"a","targetNode":"b"}}""", """{"nodeName":"c","migrationState":{"sourceNode":"a","targetNode":"b"}}""", Foreign },

        // Post-copy: the source still tells of the channel, until the migration has ended.
        { "a", """{"nodeName":"b","migrationState":{"sourceNode":"a","targetNode":"b"}}""", """{"nodeName":"b","migrationState":{"sourceNode":"a","targetNode":"b","channel":{}}}""", "" },
        { "a", """{"nodeName":"b","migrationState":{"sourceNode":"a","targetNode":"b","completed":false}}""", """{"nodeName":"b"}""", "" },
        { "a", """{"nodeName":"b","migrationState":{"sourceNode":"a","targetNode":"b","completed":true,"failed":true}}""", """{"nodeName":"b","migrationState":{}}""", Foreign },

        // Its last figures may come when the target has ended the migration already; once, and nothing else.
        { "a", Finished(""), Finished(",\"qemuDowntimeMs\":12.5"), "" },
        { "a", Finished(""), Finished(",\"qemuDowntimeMs\":12").Replace("\"p\"", "\"q\"", StringComparison.Ordinal), Source },
        { "a", Finished(",\"qemuDowntimeMs\":12"), Finished(",\"qemuDowntimeMs\":13"), Foreign },
        { "c", Finished(""), Finished(",\"qemuDowntimeMs\":12"), Foreign },

        // The source carries old connections, and tells of these alone; not of an earlier move, nor when it is over.
        { "a", Moved("Prepared"), Moved("Forwarding"), "" },
        { "a", Moved("Forwarding"), Moved("Ended"), "" },
        { "a", Moved("Ended"), Moved("Forwarding"), Foreign },
        { "a", Moved("Unavailable"), Moved("Forwarding"), Foreign },
        { "b", Moved("Forwarding"), Moved("Ended"), "" },
        { "c", Moved("Forwarding"), Moved("Ended"), Foreign },
        { "a", Moved("Forwarding"), """{"nodeName":"c","migrationState":{"sourceNode":"b","targetNode":"c"}}""", Source },
        { "a", """{"nodeName":"c","migrationState":{"sourceNode":"b","targetNode":"c","completed":true,"qemuDowntimeMs":1,"forwarding":{"state":"Forwarding"}}}""", Moved("Ended"), Foreign },
        { "a", Moved("Forwarding"), Moved("Forwarding").Replace("\"nodeName\":\"b\"", "\"nodeName\":\"a\"", StringComparison.Ordinal), Source },
        { "a", Moved("Forwarding"), Moved("Forwarding").Replace("\"p\"", "\"q\"", StringComparison.Ordinal), Source },
        { "a", Moved("Forwarding"), Moved("Forwarding").Replace("true", "false", StringComparison.Ordinal), Source },
        { "a", Moved("Forwarding"), Moved("Forwarding").Replace("\"u\"", "\"v\"", StringComparison.Ordinal), Source },
        { "b", Moved("Forwarding"), Moved("Forwarding").Replace("\"p\"", "\"q\"", StringComparison.Ordinal), "" },

        { "a", """{"nodeName":"a"}""", """{"nodeName":"a","migrationState":{"targetNode":"b"}}""", Target },
        { "a", """{"nodeName":"a","migrationState":{"targetNode":""}}""", """{"nodeName":"a","migrationState":{"targetNode":"b"}}""", Target },
        { "a", """{"nodeName":"a"}""", """{"nodeName":"a","migrationState":{"targetNode":""}}""", "" },
        { "b", """{"nodeName":"a"}""", """{"nodeName":"a","migrationState":{"targetNode":"b"}}""", $"{Foreign} | {Target}" },
    };

    /// <summary>Domain before, domain after, what is held against it.</summary>
    public static TheoryData<string, string, string> Domains { get; } = new()
    {
        { """{"cpu":{"sockets":1,"maxSockets":4}}""", """{"cpu":{"sockets":2,"maxSockets":4}}""", "" },
        { """{"cpu":{"maxSockets":4}}""", """{"cpu":{"maxSockets":8}}""", Sockets },
        { """{"cpu":{"maxSockets":4}}""", "{}", Sockets },
        { "{}", """{"cpu":{"maxSockets":4}}""", Sockets },
        { "{}", """{"cpu":{"cores":4}}""", "" },
        { """{"memory":{"guest":"1Gi","maxGuest":"4Gi"}}""", """{"memory":{"guest":"2Gi","maxGuest":"4Gi"}}""", "" },
        { """{"memory":{"maxGuest":"4Gi"}}""", """{"memory":{"maxGuest":"8Gi"}}""", Memory },
        { """{"memory":{"maxGuest":"4Gi"}}""", """{"memory":{}}""", "" },
        { "{}", """{"memory":{"maxGuest":"4Gi"}}""", "" },
    };

    [Theory]
    [MemberData(nameof(Agents))]
    public void An_agent_writes_into_the_guests_of_its_node(string? node, string before, string after, string found)
    {
        var agent = Installation.HandlerUser;
        Found(User(agent, node), Vmi("{}", before), Vmi("{}", after)).ShouldBe(found);
        Found(User(Installation.ControllerUser, null), Vmi("{}", before), Vmi("{}", after)).ShouldBe("");
    }

    [Theory]
    [MemberData(nameof(Domains))]
    public void The_room_to_grow_does_not_change(string before, string after, string found)
    {
        foreach (var component in new[] { Installation.ControllerUser, Installation.ApiUser, Installation.HandlerUser })
        {
            Found(User(component, "a"), Vmi(before, """{"nodeName":"a"}"""), Vmi(after, """{"nodeName":"a"}""")).ShouldBe(found);
        }

        // Of others the webhook judges.
        Found(User("admin", null), Vmi(before, "{}"), Vmi(after, "{}")).ShouldBe("");
    }

    [Fact]
    public void Only_updates_of_VMIs_are_judged_whatever_their_version()
    {
        var policy = Policy();
        using var folder = new TemporaryFolder();
        using var store = new Godwit.LocalCluster.Store.ObjectStore(Path.Combine(folder.Path, "state.db"));
        WebhookMatcher.Match(policy.Requests, Update(User("x", null), Vmi("{}", "{}"), Vmi("{}", "{}")), store.Snapshot)!.Name.ShouldBe("v1");
        WebhookMatcher.Match(policy.Requests, Update(User("x", null), Vmi("{}", "{}"), Vmi("{}", "{}"), "v1alpha3"), store.Snapshot)!.Name.ShouldBe("v1");
        WebhookMatcher.Match(policy.Requests, Policies.Request("{}", resource: Vmis), store.Snapshot).ShouldBeNull();
        WebhookMatcher.Match(policy.Requests, Policies.Request("{}", "{}"), store.Snapshot).ShouldBeNull();
    }

    [Fact]
    public void It_knows_the_components_and_its_binding_refuses()
    {
        string[] users = [Installation.ControllerUser, Installation.ApiUser, Installation.HandlerUser];
        var condition = Documents[0].At("spec", "matchConditions")![0].Text("expression")!;
        users.ShouldAllBe(u => Installation.IsComponent(u) && condition.Contains($"\"{u}\"", StringComparison.Ordinal));
        var binding = PolicyBinding.Read(Documents[1]);
        binding.Policy.ShouldBe(Policy().Name);
        binding.Denies.ShouldBeTrue();
        binding.Requests.ShouldBeNull();
    }

    [Fact]
    public void An_agent_tells_a_refusal_from_a_test_that_does_not_hold() =>
        PolicyEvaluation.Findings(Policy(), Update(User(Installation.HandlerUser, null), Vmi("{}", "{}"), Vmi("{}", "{}")), Vmis.Versions[0], null, null)[0].Reason.ShouldBe("Forbidden");

    private static string Found(UserInfo user, string before, string after) =>
        string.Join(" | ", PolicyEvaluation.Findings(Policy(), Update(user, before, after), Vmis.Versions[0], null, null).Select(f => f.Message));

    private static AdmissionPolicy Policy() => AdmissionPolicy.Read(Documents[0]);

    private static AdmissionRequest Update(UserInfo user, string before, string after, string version = "v1") => new()
    {
        Operation = AdmissionOperation.Update,
        Resource = Vmis,
        Version = Vmis.Version(version)!,
        Namespace = "default",
        Name = "vmi-fedora",
        Object = Widgets.Parse(after),
        OldObject = Widgets.Parse(before),
        User = user,
    };

    private static UserInfo User(string name, string? node) => new(name, ["system:authenticated"])
    {
        Extra = node is null
            ? new Dictionary<string, IReadOnlyList<string>> { ["authentication.kubernetes.io/credential-id"] = ["X509SHA256=1"] }
            : new Dictionary<string, IReadOnlyList<string>> { ["authentication.kubernetes.io/node-name"] = node.Length == 0 ? [] : [node] },
    };

    /// <summary>The status of a guest that has moved from a to b.</summary>
    private static string Moved(string forwarding) =>
        Finished($$$""","qemuDowntimeMs":12,"forwarding":{"state":"{{{forwarding}}}"}""");

    private static string Finished(string more) =>
        $$$"""{"nodeName":"b","ownerPodUID":"p","migrationState":{"migrationUid":"u","sourceNode":"a","targetNode":"b","completed":true{{{more}}}}}""";

    private static string Vmi(string domain, string status) => $$$"""{"metadata":{"name":"vmi-fedora"},"spec":{"domain":{{{domain}}}},"status":{{{status}}}}""";

    private static string PolicyFile([CallerFilePath] string here = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "..", "..", "..", "..", "deploy", "vmi-policy.yaml"));
}
