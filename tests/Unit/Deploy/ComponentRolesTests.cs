using System.Text.Json.Nodes;
using Godwit.LocalCluster.ApiServer.Admission;
using Godwit.LocalCluster.Authorization;
using Godwit.Machinery;
using Godwit.Types;
using Godwit.Unit.LocalCluster.Authorization;
using Shouldly;
using Xunit;

namespace Godwit.Unit.Deploy;

/// <summary>The roles in <c>deploy/</c>: all that a component does, and nothing that would let a node or a stolen certificate do harm.</summary>
public sealed class ComponentRolesTests
{
    private const string Subresources = "subresources.kubevirt.io";

    private static readonly IReadOnlyList<JsonObject> Objects = [.. Directory.GetFiles(Folder(), "*.yaml").Order(StringComparer.Ordinal).SelectMany(f => Yaml.ParseObjects(File.ReadAllText(f)))];

    private static readonly RolePolicy Policy = RolePolicyTests.Policy(Objects);

    public static TheoryData<string, string> Needs() => new(
        // virt-controller
        [
            .. Each(Installation.ControllerUser, "get list watch create patch delete", "ns/virtualmachineinstances.kubevirt.io", "ns/pods"),
            .. Each(Installation.ControllerUser, "patch", "ns/pods:status"),
            .. Each(Installation.ControllerUser, "list watch create patch delete", "ns/virtualmachineinstancemigrations.kubevirt.io"),
            .. Each(Installation.ControllerUser, "list watch patch", "ns/virtualmachines.kubevirt.io"),
            .. Each(Installation.ControllerUser, "get list watch patch", "nodes"),
            .. Each(Installation.ControllerUser, "list watch",
                "ns/virtualmachineinstancereplicasets.kubevirt.io", "migrationpolicies.migrations.kubevirt.io", "apiservices.apiregistration.k8s.io", "namespaces", "persistentvolumeclaims", "kubevirt/kubevirts.kubevirt.io", "kubevirt/configmaps=kubevirt-config"),
            .. Each(Installation.ControllerUser, "patch",
                "ns/virtualmachines.kubevirt.io:status", "ns/virtualmachineinstancereplicasets.kubevirt.io:status", "ns/virtualmachineinstancemigrations.kubevirt.io:status", "kubevirt/kubevirts.kubevirt.io:status"),
            .. Each(Installation.ControllerUser, "patch", "kubevirt/configmaps=kubevirt-config"),
            .. Each(Installation.ControllerUser, "list create delete", "kubevirt/secrets"),
            .. Each(Installation.ControllerUser, "watch", $"kubevirt/secrets={MonitoringNames.ControllerSecret}"),
            .. Each(Installation.ControllerUser, "get update", "kubevirt/leases.coordination.k8s.io=virt-controller"),
            .. Each(Installation.ControllerUser, "create", "kubevirt/leases.coordination.k8s.io"),
            .. Each(Installation.ControllerUser, "create patch", "ns/events"),
            // virt-api
            .. Each(Installation.ApiUser, "get patch", "ns/virtualmachineinstances.kubevirt.io", "ns/virtualmachines.kubevirt.io"),
            .. Each(Installation.ApiUser, "patch", "ns/virtualmachines.kubevirt.io:status"),
            .. Each(Installation.ApiUser, "list create", "ns/virtualmachineinstancemigrations.kubevirt.io"),
            .. Each(Installation.ApiUser, "get", "ns/pods", "nodes", "kubevirt/configmaps=kubevirt-config", "ns/network-attachment-definitions.k8s.cni.cncf.io"),
            .. Each(Installation.ApiUser, "list watch", "kubevirt/kubevirts.kubevirt.io"),
            .. Each(Installation.ApiUser, "get list watch update", $"kubevirt/configmaps={Consoles.TrustConfigMap}", $"kubevirt/secrets={Consoles.HandlerSecret}", $"kubevirt/secrets={MonitoringNames.ControllerSecret}", "kubevirt/secrets=kubevirt-virt-api-certs"),
            .. Each(Installation.ApiUser, "create", "kubevirt/configmaps", "kubevirt/secrets", "subjectaccessreviews.authorization.k8s.io"),
            .. Each(Installation.ApiUser, "list watch patch",
                "mutatingwebhookconfigurations.admissionregistration.k8s.io", "validatingwebhookconfigurations.admissionregistration.k8s.io", "apiservices.apiregistration.k8s.io"),
            // virt-handler
            .. Each(Installation.HandlerUser, "get list watch patch", "ns/virtualmachineinstances.kubevirt.io", "nodes"),
            .. Each(Installation.HandlerUser, "get list watch", "ns/pods"),
            .. Each(Installation.HandlerUser, "get", "ns/persistentvolumeclaims"),
            .. Each(Installation.HandlerUser, "list watch", "persistentvolumeclaims", "kubevirt/kubevirts.kubevirt.io", "kubevirt/configmaps=kubevirt-config"),
            .. Each(Installation.HandlerUser, "list watch", $"kubevirt/configmaps={Consoles.TrustConfigMap}", $"kubevirt/secrets={Consoles.HandlerSecret}"),
            .. Each(Installation.HandlerUser, "get", "ns/secrets", "ns/configmaps"),
            .. Each(Installation.HandlerUser, "create patch", "ns/events"),
        ]);

    [Theory]
    [MemberData(nameof(Needs))]
    public void A_component_may_do_what_it_does(string user, string wanted) => Decide(user, wanted).ShouldBeTrue();

    [Fact]
    public void No_rule_of_a_component_gives_more_than_it_needs()
    {
        foreach (var user in (string[])[Installation.ControllerUser, Installation.ApiUser, Installation.HandlerUser])
        {
            var needed = Needs().Select(n => n.Data).Where(n => n.Item1 == user).Select(n => Attributes(n.Item2)).ToList();
            var held = Policy.RulesOf(new UserInfo(user, []), Installation.Namespace)
                // For clusters that ask for it where an owner's deletion is blocked.
                .Where(r => !r.Resources.All(name => name.EndsWith("/finalizers", StringComparison.Ordinal)));
            foreach (var single in RuleCoverage.Missing([], held))
            {
                needed.ShouldContain(n => single.Allows(n), $"{user}: nothing needs {RuleCoverage.Describe(single)}");
            }
        }
    }

    [Theory]
    [InlineData(Installation.HandlerUser, "create ns/virtualmachineinstancemigrations.kubevirt.io")]
    [InlineData(Installation.HandlerUser, "create ns/pods")]
    [InlineData(Installation.HandlerUser, "list ns/secrets")]
    [InlineData(Installation.HandlerUser, "list kubevirt/secrets")]
    [InlineData(Installation.HandlerUser, "delete ns/virtualmachineinstances.kubevirt.io")]
    [InlineData(Installation.ControllerUser, "get ns/secrets")]
    [InlineData(Installation.ControllerUser, "create ns/secrets")]
    [InlineData(Installation.ApiUser, "get kubevirt/secrets=other")]
    [InlineData(Installation.ApiUser, "delete ns/virtualmachines.kubevirt.io")]
    public void A_component_may_not_do_what_would_do_harm(string user, string wanted) => Decide(user, wanted).ShouldBeFalse();

    [Theory]
    [InlineData("admin", "create ns/virtualmachines.kubevirt.io", true)]
    [InlineData("admin", "deletecollection ns/virtualmachineinstances.kubevirt.io", true)]
    [InlineData("edit", "deletecollection ns/virtualmachineinstances.kubevirt.io", false)]
    [InlineData("edit", "update ns/virtualmachineinstancereplicasets.kubevirt.io", true)]
    [InlineData("edit", $"get ns/virtualmachineinstances.{Subresources}:console", true)]
    [InlineData("edit", $"update ns/virtualmachines.{Subresources}:start", true)]
    [InlineData("view", "list ns/virtualmachineinstancemigrations.kubevirt.io", true)]
    [InlineData("view", $"get ns/virtualmachineinstances.{Subresources}:guestosinfo", true)]
    [InlineData("view", $"get ns/virtualmachineinstances.{Subresources}:console", false)]
    [InlineData("view", "update ns/virtualmachines.kubevirt.io", false)]
    // To move a guest is nobody's right by default, not even that of a namespace's admin.
    [InlineData("admin", "create ns/virtualmachineinstancemigrations.kubevirt.io", false)]
    [InlineData("admin", $"update ns/virtualmachines.{Subresources}:migrate", false)]
    [InlineData("migrate", "create ns/virtualmachineinstancemigrations.kubevirt.io", true)]
    [InlineData("migrate", $"update ns/virtualmachines.{Subresources}:migrate", true)]
    public void Users_may_do_by_their_role(string role, string wanted, bool allowed) =>
        Policy.Rules(new RoleReference(RoleReference.ClusterRole, $"kubevirt.io:{role}"), "")!.Any(r => r.Allows(Attributes(wanted))).ShouldBe(allowed);

    [Theory]
    [InlineData("admin")]
    [InlineData("edit")]
    [InlineData("view")]
    public void The_roles_of_users_are_gathered_into_the_clusters_own(string role)
    {
        var gathered = RoleAggregation.Rules(
            BootstrapPolicy.Objects.First(o => o.Object.Name() == role).Object, Objects.Where(o => o.Text("kind") == "ClusterRole"))!;
        gathered.Select(r => r.At("apiGroups")![0].Text()).ShouldContain("kubevirt.io");
    }

    [Theory]
    [InlineData("list kubevirt/kubevirts.kubevirt.io", true)]
    [InlineData("list ns/virtualmachines.kubevirt.io", false)]
    public void Everybody_who_is_known_may_see_the_installation(string wanted, bool allowed) =>
        Policy.Decide(new UserInfo("anybody", ["system:authenticated"]), Attributes(wanted)).Allowed.ShouldBe(allowed);

    private static IEnumerable<(string, string)> Each(string user, string verbs, params string[] resources) =>
        from resource in resources
        from verb in verbs.Split(' ')
        select (user, $"{verb} {resource}");

    private static bool Decide(string user, string wanted) =>
        Policy.Decide(new UserInfo(user, ["system:serviceaccounts", "system:authenticated"]), Attributes(wanted)).Allowed;

    /// <summary><c>verb namespace/resource.group:subresource=name</c>; all but verb and resource may be left out.</summary>
    private static AccessAttributes Attributes(string text)
    {
        var (verb, rest) = text.Split(' ') is [var v, var r] ? (v, r) : throw new FormatException(text);
        var (place, name) = rest.Split('=') is [var p, var n] ? (p, n) : (rest, "");
        var (ns, what) = place.Split('/') is [var s, var w] ? (s, w) : ("", place);
        var (resource, subresource) = what.Split(':') is [var res, var sub] ? (res, sub) : (what, "");
        var dot = resource.IndexOf('.', StringComparison.Ordinal);
        return new AccessAttributes
        {
            Verb = verb,
            Namespace = ns,
            Name = name,
            Group = dot < 0 ? "" : resource[(dot + 1)..],
            Resource = dot < 0 ? resource : resource[..dot],
            Subresource = subresource,
        };
    }

    internal static string Folder()
    {
        var at = new DirectoryInfo(AppContext.BaseDirectory);
        while (at is not null && !File.Exists(Path.Combine(at.FullName, "Godwit.slnx")))
        {
            at = at.Parent;
        }

        return Path.Combine(at!.FullName, "deploy");
    }
}
