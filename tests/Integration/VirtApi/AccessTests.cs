using Godwit.Integration.ApiServer;
using Godwit.Integration.LocalCluster;
using Godwit.Machinery;
using Shouldly;
using Xunit;

namespace Godwit.Integration.VirtApi;

/// <summary>What users and components may do with virtual machines, with the roles of <c>deploy/</c>.</summary>
public sealed class AccessTests(VirtApiFixture cluster) : IClassFixture<VirtApiFixture>
{
    private const string Migrate = "/apis/subresources.kubevirt.io/v1/namespaces/default/virtualmachines/nobody/migrate";

    private const string Migration =
        """{"apiVersion":"kubevirt.io/v1","kind":"VirtualMachineInstanceMigration","metadata":{"generateName":"m-","namespace":"default"},"spec":{"vmiName":"nobody"}}""";

    private Kubectl Kubectl => new(Path.Combine(cluster.Folder, "admin.kubeconfig"), cluster.Folder);

    [Fact]
    public async Task A_user_without_the_right_to_migrate_cannot_cause_a_migration_by_any_way()
    {
        using var eve = new RawClient(cluster.Server, "eve");
        await Kubectl.MustAsync("create rolebinding eve --clusterrole=kubevirt.io:admin --user=eve");
        (await eve.GetAsync("/apis/kubevirt.io/v1/namespaces/default/virtualmachineinstancemigrations")).Code.ShouldBe(200);
        await RefusedAsync(eve, HttpMethod.Put, Migrate, "virtualmachines.subresources.kubevirt.io \"nobody\" is forbidden: User \"eve\" cannot update resource \"virtualmachines/migrate\" in API group \"subresources.kubevirt.io\" in the namespace \"default\"");
        await RefusedAsync(eve, HttpMethod.Put, Migrate.Replace("/v1/", "/v1alpha3/", StringComparison.Ordinal), "cannot update resource \"virtualmachines/migrate\"");
        await RefusedAsync(eve, HttpMethod.Post, "/apis/kubevirt.io/v1/namespaces/default/virtualmachineinstancemigrations", "cannot create resource \"virtualmachineinstancemigrations\"", Migration);
        await RefusedAsync(eve, HttpMethod.Post, "/apis/kubevirt.io/v1alpha3/namespaces/default/virtualmachineinstancemigrations", "cannot create resource \"virtualmachineinstancemigrations\"", Migration);
        await Kubectl.MustAsync("create rolebinding eve-moves --clusterrole=kubevirt.io:migrate --user=eve");
        (await eve.SendAsync(HttpMethod.Put, Migrate, "{}")).Code.ShouldBe(404);
    }

    [Theory]
    [InlineData("kubevirt-controller", "GET", "/apis/kubevirt.io/v1/virtualmachineinstances?watch=true&timeoutSeconds=1")]
    [InlineData("kubevirt-controller", "GET", "/apis/kubevirt.io/v1/namespaces/kubevirt/kubevirts")]
    [InlineData("kubevirt-controller", "GET", "/apis/migrations.kubevirt.io/v1alpha1/migrationpolicies")]
    [InlineData("kubevirt-controller", "GET", "/api/v1/namespaces/kubevirt/configmaps?fieldSelector=metadata.name%3Dkubevirt-config")]
    [InlineData("kubevirt-controller", "GET", "/apis/coordination.k8s.io/v1/namespaces/kubevirt/leases/virt-controller")]
    [InlineData("kubevirt-controller", "POST", "/apis/coordination.k8s.io/v1/namespaces/kubevirt/leases?dryRun=All")]
    [InlineData("kubevirt-controller", "POST", "/api/v1/namespaces/default/pods?dryRun=All")]
    [InlineData("kubevirt-controller", "PATCH", "/apis/kubevirt.io/v1/namespaces/kubevirt/kubevirts/x/status")]
    [InlineData("kubevirt-controller", "GET", "/api/v1/namespaces/kubevirt/secrets?fieldSelector=metadata.name%3Dkubevirt-controller-certs&watch=true&timeoutSeconds=1")]
    [InlineData("kubevirt-apiserver", "GET", "/api/v1/namespaces/kubevirt/secrets?fieldSelector=metadata.name%3Dkubevirt-controller-certs&watch=true&timeoutSeconds=1")]
    [InlineData("kubevirt-handler", "GET", "/api/v1/pods?fieldSelector=spec.nodeName%3Dnode01&watch=true&timeoutSeconds=1")]
    [InlineData("kubevirt-handler", "GET", "/api/v1/namespaces/default/secrets/cloud-init")]
    [InlineData("kubevirt-handler", "PATCH", "/apis/kubevirt.io/v1/namespaces/default/virtualmachineinstances/x")]
    [InlineData("kubevirt-handler", "GET", "/api/v1/namespaces/kubevirt/secrets?fieldSelector=metadata.name%3Dkubevirt-virt-handler-server-certs&watch=true&timeoutSeconds=1")]
    [InlineData("kubevirt-handler", "GET", "/api/v1/namespaces/kubevirt/configmaps?fieldSelector=metadata.name%3Dkubevirt-ca&watch=true&timeoutSeconds=1")]
    [InlineData("kubevirt-handler", "PATCH", "/api/v1/nodes/node01")]
    [InlineData("kubevirt-handler", "POST", "/api/v1/namespaces/default/events?dryRun=All")]
    [InlineData("kubevirt-apiserver", "GET", "/api/v1/namespaces/kube-system/configmaps/extension-apiserver-authentication")]
    [InlineData("kubevirt-apiserver", "GET", "/api/v1/namespaces/kubevirt/secrets/kubevirt-virt-api-certs")]
    [InlineData("kubevirt-apiserver", "GET", "/api/v1/namespaces/kubevirt/secrets?fieldSelector=metadata.name%3Dkubevirt-virt-api-certs&watch=true&timeoutSeconds=1")]
    [InlineData("kubevirt-apiserver", "GET", "/apis/kubevirt.io/v1/namespaces/kubevirt/kubevirts?watch=true&timeoutSeconds=1")]
    [InlineData("kubevirt-apiserver", "POST", "/apis/authorization.k8s.io/v1/subjectaccessreviews")]
    [InlineData("kubevirt-apiserver", "PATCH", "/apis/apiregistration.k8s.io/v1/apiservices/x")]
    public async Task A_component_is_let_through_where_it_works(string account, string method, string path)
    {
        using var component = Component(account);
        using var answer = await component.AnswerAsync(new HttpMethod(method), path, method == "GET" ? null : "{}", method == "PATCH" ? "application/merge-patch+json" : "application/json");
        ((int)answer.StatusCode).ShouldNotBe(403, await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_verb_that_is_taken_away_is_missed_at_once()
    {
        using var handler = Component("kubevirt-handler");
        const string Path = "/api/v1/namespaces/default/secrets/cloud-init";
        (await handler.GetAsync(Path)).Code.ShouldBe(404);
        var role = await Kubectl.MustAsync("get clusterrole kubevirt-handler -o json");
        await Kubectl.MustAsync("replace -f -", role.Replace("\"secrets\"", "\"nothing\"", StringComparison.Ordinal));
        try
        {
            await RefusedAsync(handler, HttpMethod.Get, Path, "secrets \"cloud-init\" is forbidden: User \"system:serviceaccount:kubevirt:kubevirt-handler\" cannot get resource \"secrets\" in API group \"\" in the namespace \"default\"");
        }
        finally
        {
            await Kubectl.MustAsync("replace --force -f -", role);
        }
    }

    private RawClient Component(string account) =>
        new(cluster.Server, $"system:serviceaccount:kubevirt:{account}", "system:serviceaccounts", "system:serviceaccounts:kubevirt");

    private static async Task RefusedAsync(RawClient client, HttpMethod method, string path, string message, string? body = null)
    {
        var (code, status) = await client.SendAsync(method, path, body ?? (method == HttpMethod.Get ? null : "{}"));
        code.ShouldBe(403);
        status["message"].Text()!.ShouldContain(message);
    }
}
