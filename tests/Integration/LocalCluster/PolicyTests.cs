using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;
using Godwit.Types;
using Shouldly;
using Xunit;

namespace Godwit.Integration.LocalCluster;

/// <summary>Validating admission policies as kubectl sees them; the words are those of a real API server.</summary>
public sealed class PolicyTests(ClusterFixture cluster) : IClassFixture<ClusterFixture>
{
    private const string NotForbidden = """{expression: "!has(object.data) || !('forbidden' in object.data)", message: forbidden key}""";

    /// <summary>A policy over config maps, in force in the namespace of its name.</summary>
    private static string Policy(string ns, string spec, string binding = "validationActions: [Deny]") =>
        $$$$"""
        apiVersion: admissionregistration.k8s.io/v1
        kind: ValidatingAdmissionPolicy
        metadata: {name: {{{{ns}}}}}
        spec:
          matchConstraints:
            resourceRules: [{apiGroups: [""], apiVersions: [v1], operations: [CREATE, UPDATE, DELETE], resources: [configmaps]}]
          {{{{spec.ReplaceLineEndings("\n  ")}}}}
        ---
        apiVersion: admissionregistration.k8s.io/v1
        kind: ValidatingAdmissionPolicyBinding
        metadata: {name: {{{{ns}}}}}
        spec:
          policyName: {{{{ns}}}}
          matchResources: {namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: {{{{ns}}}}}}}
          {{{{binding.ReplaceLineEndings("\n  ")}}}}
        """;

    private async Task<string> InForceAsync(string spec, string binding = "validationActions: [Deny]")
    {
        var ns = await cluster.NamespaceAsync();
        await cluster.MustAsync("apply -f -", Policy(ns, spec, binding));
        return ns;
    }

    private Task<KubectlResult> CreateAsync(string ns, string name, string more = "--from-literal=a=b") =>
        cluster.KubectlAsync($"create -n {ns} cm {name} {more}");

    [Fact]
    public async Task What_a_policy_forbids_is_refused_where_its_binding_says_so_and_in_a_dry_run_too()
    {
        var ns = await InForceAsync($"validations: [{NotForbidden}]");
        (await CreateAsync(ns, "ok")).Exit.ShouldBe(0);
        var refused = $"configmaps \"no\" is forbidden: ValidatingAdmissionPolicy '{ns}' with binding '{ns}' denied request: forbidden key\n";
        (await CreateAsync(ns, "no", "--from-literal=forbidden=x")).Error.ShouldBe("error: failed to create configmap: " + refused);
        (await CreateAsync(ns, "no", "--from-literal=forbidden=x --dry-run=server")).Error.ShouldBe("error: failed to create configmap: " + refused);
        (await cluster.KubectlAsync($"patch -n {ns} cm ok -p {{\"data\":{{\"forbidden\":\"x\"}}}}")).Error.ShouldContain("denied request: forbidden key");
        (await CreateAsync("default", ns, "--from-literal=forbidden=x")).Exit.ShouldBe(0);

        // It is in force from the moment it is written, until it is gone.
        await cluster.MustAsync($"delete validatingadmissionpolicybinding {ns}");
        (await CreateAsync(ns, "no", "--from-literal=forbidden=x")).Exit.ShouldBe(0);
        await cluster.MustAsync($"delete validatingadmissionpolicy {ns}");
    }

    [Fact]
    public async Task The_code_is_that_of_the_reason_and_a_deletion_has_only_an_old_object()
    {
        var ns = await InForceAsync(
            """
            variables: [{name: kept, expression: "request.operation == 'DELETE' && oldObject.data.?keep.orValue('') == 'yes'"}]
            validations: [{expression: "!variables.kept", reason: Forbidden, messageExpression: "'keep ' + oldObject.metadata.name + ' of ' + namespaceObject.metadata.name"}]
            """);
        await CreateAsync(ns, "mine", "--from-literal=keep=yes");
        (await cluster.KubectlAsync($"delete -n {ns} cm mine")).Error.ShouldBe(
            $"Error from server (Forbidden): configmaps \"mine\" is forbidden: ValidatingAdmissionPolicy '{ns}' with binding '{ns}' denied request: keep mine of {ns}\n");
        await cluster.MustAsync($"patch -n {ns} cm mine -p {{\"data\":{{\"keep\":\"no\"}}}}");
        await cluster.MustAsync($"delete -n {ns} cm mine");
        await cluster.MustAsync($"delete validatingadmissionpolicy,validatingadmissionpolicybinding {ns}");
    }

    [Fact]
    public async Task A_binding_that_warns_lets_the_request_through_and_one_that_audits_says_nothing()
    {
        var ns = await InForceAsync($"validations: [{NotForbidden}]", "validationActions: [Warn, Audit]");
        var warned = await CreateAsync(ns, "no", "--from-literal=forbidden=x");
        warned.Output.ShouldBe("configmap/no created\n");
        warned.Error.ShouldBe($"Warning: Validation failed for ValidatingAdmissionPolicy '{ns}' with binding '{ns}': forbidden key\n");
        await cluster.MustAsync("apply -f -", Policy(ns, $"validations: [{NotForbidden}]", "validationActions: [Audit]"));
        (await CreateAsync(ns, "audited", "--from-literal=forbidden=x")).ShouldSatisfyAllConditions(r => r.Exit.ShouldBe(0), r => r.Error.ShouldBe(""));
        await cluster.MustAsync($"delete validatingadmissionpolicy,validatingadmissionpolicybinding {ns}");
    }

    [Fact]
    public async Task Only_requests_that_meet_the_conditions_are_judged_and_failures_count_as_the_policy_says()
    {
        const string spec = "matchConditions: [{name: named, expression: \"object.metadata.name.startsWith('x')\"}]\nvalidations: [{expression: \"object.data.none == ''\"}]\nfailurePolicy: ";
        var ns = await InForceAsync(spec + "Fail");
        (await CreateAsync(ns, "a")).Exit.ShouldBe(0);
        (await CreateAsync(ns, "x")).Error.ShouldContain("denied request: expression 'object.data.none == ''' resulted in error: no such key: none");
        await cluster.MustAsync("apply -f -", Policy(ns, spec + "Ignore"));
        (await CreateAsync(ns, "x")).Exit.ShouldBe(0);
        await cluster.MustAsync($"delete validatingadmissionpolicy,validatingadmissionpolicybinding {ns}");
    }

    [Fact]
    public async Task Parameters_come_from_the_object_that_the_binding_names()
    {
        const string spec = "paramKind: {apiVersion: v1, kind: ConfigMap}\nvalidations: [{expression: size(object.data) <= int(params.data.most), messageExpression: \"'at most ' + params.data.most\"}]";
        var ns = await InForceAsync(
            spec,
            "paramRef: {name: limits, parameterNotFoundAction: Deny}\nvalidationActions: [Deny]");
        (await CreateAsync(ns, "a")).Error.ShouldContain("denied request: failed to configure binding: no params found for policy binding with `Deny` parameterNotFoundAction");
        await cluster.MustAsync($"delete validatingadmissionpolicybinding {ns}");
        await CreateAsync(ns, "limits", "--from-literal=most=1");
        await cluster.MustAsync("apply -f -", Policy(ns, spec, "paramRef: {selector: {}, parameterNotFoundAction: Allow}\nvalidationActions: [Deny]"));
        (await CreateAsync(ns, "a")).Error.ShouldContain("resulted in error: no such key: most");
        await cluster.MustAsync("apply -f -", Policy(ns, spec, "paramRef: {name: limits, parameterNotFoundAction: Deny}\nvalidationActions: [Deny]"));
        (await CreateAsync(ns, "a")).Exit.ShouldBe(0);
        (await CreateAsync(ns, "b", "--from-literal=a=1 --from-literal=b=2")).Error.ShouldContain("denied request: at most 1");
        (await cluster.MustAsync($"get validatingadmissionpolicy {ns}")).ShouldMatch($"NAME +VALIDATIONS +PARAMKIND +AGE\n{ns} +1 +v1/ConfigMap +");
        (await cluster.MustAsync($"get validatingadmissionpolicybinding {ns}")).ShouldMatch($"NAME +POLICYNAME +PARAMREF +AGE\n{ns} +{ns} +\\*/limits +");
        await cluster.MustAsync($"delete validatingadmissionpolicy,validatingadmissionpolicybinding {ns}");
    }

    [Fact]
    public async Task What_is_not_understood_is_refused_by_field()
    {
        var refused = (await cluster.KubectlAsync("apply -f -", Policy("bad", "validations: [{expression: \"authorizer.requestResource.check('x').allowed()\"}]", "validationActions: [Deny, Warn]"))).Error;
        refused.ShouldContain("ValidatingAdmissionPolicy.admissionregistration.k8s.io \"bad\" is invalid: spec.validations[0].expression: Invalid value: \"authorizer.requestResource.check('x').allowed()\": compilation failed: this server's subset of CEL does not know: authorizer");
        refused.ShouldContain("ValidatingAdmissionPolicyBinding.admissionregistration.k8s.io \"bad\" is invalid: spec.validationActions: Invalid value: [\"Deny\",\"Warn\"]: must not contain both Deny and Warn");
        (await cluster.KubectlAsync("create -f -", """{"apiVersion":"admissionregistration.k8s.io/v1","kind":"ValidatingAdmissionPolicyBinding","metadata":{"name":"bad"},"spec":{"policyName":"p","validationActions":["Deny","Deny"]}}""")).Error
            .ShouldBe("The ValidatingAdmissionPolicyBinding \"bad\" is invalid: spec.validationActions[1]: Duplicate value: \"Deny\"\n");
    }

    [Fact]
    public async Task Agents_write_only_into_the_guests_of_their_node()
    {
        var ns = await cluster.NamespaceAsync();
        await cluster.MustAsync($"apply -f {Deploy("crds/virtualmachineinstances.kubevirt.io.yaml")} -f {Deploy("vmi-policy.yaml")}");
        await cluster.MustAsync(
            $"create -n {ns} -f -",
            """{"apiVersion":"kubevirt.io/v1","kind":"VirtualMachineInstance","metadata":{"name":"vmi"},"spec":{"domain":{"devices":{},"cpu":{"maxSockets":4}}},"status":{"nodeName":"a"}}""");
        var (agentA, agentB, lost) = (User("a", Installation.HandlerUser, "system:node-agent:a"), User("b", Installation.HandlerUser, "system:node-agent:b"), User("lost", Installation.HandlerUser, "lost"));
        const string denied = "virtualmachineinstances.kubevirt.io \"vmi\" is forbidden: ValidatingAdmissionPolicy 'kubevirt-vmi-updates' with binding 'kubevirt-vmi-updates' denied request: ";
        await agentA.MustAsync(Patch("""{"status":{"phase":"Running"}}"""));
        (await agentB.RunAsync(Patch("""{"status":{"phase":"Failed"}}"""))).Error.ShouldBe(
            $"Error from server (Forbidden): {denied}Node restriction, virt-handler is only allowed to modify VMIs it owns\n");
        (await lost.RunAsync(Patch("""{"status":{"phase":"Failed"}}"""))).Error.ShouldContain($"{denied}Node restriction failed, virt-handler service account is missing node name");
        (await agentA.RunAsync(Patch("""{"status":{"migrationState":{"targetNode":"b"}}}"""))).Error.ShouldContain($"{denied}Node restriction, virt-handler is not allowed to set target node");
        await User("controller", Installation.ControllerUser, "x").MustAsync(Patch("""{"status":{"migrationState":{"sourceNode":"a","targetNode":"b"}}}"""));
        await agentB.MustAsync(Patch("""{"status":{"migrationState":{"targetNodeAddress":"10.0.0.1"}}}"""));
        (await agentA.RunAsync(Patch("""{"spec":{"domain":{"cpu":{"maxSockets":8}}}}"""))).Error.ShouldContain(
            "The virtualmachineinstances \"vmi\" is invalid: : ValidatingAdmissionPolicy 'kubevirt-vmi-updates' with binding 'kubevirt-vmi-updates' denied request: CPU topology maxSockets changed");
        (await cluster.GetAsync($"-n {ns} vmi vmi"))["status"]!["phase"]!.GetValue<string>().ShouldBe("Running");
        await cluster.MustAsync($"delete -f {Deploy("vmi-policy.yaml")}");

        string Patch(string patch) => $"patch -n {ns} vmi vmi --type=merge -p {patch}";
    }

    [Fact]
    public async Task A_policy_keeps_its_status_and_counts_what_changes_in_it()
    {
        var ns = await InForceAsync($"validations: [{NotForbidden}]");
        var policy = await cluster.GetAsync($"validatingadmissionpolicy {ns}");
        policy["status"]!.ToJsonString().ShouldBe("{}");
        policy["metadata"]!["generation"]!.GetValue<int>().ShouldBe(1);
        await cluster.MustAsync($"patch validatingadmissionpolicy {ns} --subresource=status --type=merge -p {{\"status\":{{\"observedGeneration\":1}}}}");
        await cluster.MustAsync("apply -f -", Policy(ns, $"validations: [{NotForbidden}]\nfailurePolicy: Ignore"));
        policy = await cluster.GetAsync($"validatingadmissionpolicy {ns}");
        policy["metadata"]!["generation"]!.GetValue<int>().ShouldBe(2);
        JsonNode.DeepEquals(policy["status"], JsonNode.Parse("""{"observedGeneration":1}""")).ShouldBeTrue();
        await cluster.MustAsync($"delete validatingadmissionpolicy,validatingadmissionpolicybinding {ns}");
    }

    /// <summary>A kubectl of this user, who may do everything that no policy forbids.</summary>
    private Kubectl User(string file, string name, string group)
    {
        var home = Path.GetDirectoryName(cluster.Kubeconfig)!;
        var kubeconfig = Path.Combine(home, $"{file}.kubeconfig");
        cluster.Server.WriteKubeconfig(kubeconfig, file, name, ["system:masters", group]);
        return new Kubectl(kubeconfig, home);
    }

    private static string Deploy(string file, [CallerFilePath] string here = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "..", "..", "..", "deploy", file));
}
