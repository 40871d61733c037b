using System.Text.Json.Nodes;
using Godwit.LocalCluster.Admission;
using Godwit.LocalCluster.ApiServer.Admission;
using Godwit.LocalCluster.ApiServer.Resources;
using Godwit.LocalCluster.Store;
using Godwit.Machinery;
using Godwit.Types;
using Godwit.Unit.LocalCluster;
using Shouldly;
using Xunit;

namespace Godwit.Unit.Deploy;

/// <summary>Which writes need virt-api: those of users. A component's must not wait for it, or guests and drains would.</summary>
public sealed class WebhookScopeTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly ObjectStore _store;

    public WebhookScopeTests() => _store = new ObjectStore(Path.Combine(_folder.Path, "state.db"));

    [Theory]
    [InlineData(Installation.ControllerUser, "virtualmachineinstancemigrations", nameof(AdmissionOperation.Create), null, false)]
    [InlineData(Installation.ControllerUser, "virtualmachineinstancemigrations", nameof(AdmissionOperation.Update), null, false)]
    [InlineData(Installation.ControllerUser, "virtualmachineinstances", nameof(AdmissionOperation.Update), null, false)]
    [InlineData(Installation.HandlerUser, "virtualmachineinstances", nameof(AdmissionOperation.Update), null, false)]
    [InlineData(Installation.ControllerUser, "virtualmachines", nameof(AdmissionOperation.Update), null, false)]
    [InlineData("admin", "virtualmachineinstancemigrations", nameof(AdmissionOperation.Update), "status", false)]
    [InlineData("admin", "virtualmachineinstancemigrations", nameof(AdmissionOperation.Create), null, true)]
    [InlineData("admin", "virtualmachineinstancemigrations", nameof(AdmissionOperation.Update), null, true)]
    [InlineData("admin", "virtualmachineinstances", nameof(AdmissionOperation.Update), null, true)]
    // Its defaults are needed.
    [InlineData(Installation.ControllerUser, "virtualmachineinstances", nameof(AdmissionOperation.Create), null, true)]
    public void Only_users_writes_wait_for_virt_api(string user, string resource, string operation, string? subresource, bool asks)
    {
        var kind = new ResourceInfo
        {
            Group = "kubevirt.io",
            Plural = resource,
            Singular = "",
            Kind = "Any",
            Namespaced = true,
            Versions = [new ResourceVersionInfo { Name = "v1", Storage = true }],
        };
        var request = new AdmissionRequest
        {
            Operation = Enum.Parse<AdmissionOperation>(operation),
            Resource = kind,
            Version = kind.Versions[0],
            Subresource = subresource,
            Namespace = "default",
            Name = "x",
            Object = new JsonObject { ["metadata"] = new JsonObject { ["name"] = "x" } },
            OldObject = operation == nameof(AdmissionOperation.Update) ? new JsonObject { ["metadata"] = new JsonObject { ["name"] = "x" } } : null,
            User = new UserInfo(user, []),
        };
        var asked = Hooks()
            .Where(hook => WebhookMatcher.Match(hook.Requests, request, _store.Snapshot) is not null && WebhookConfigurations.ConditionsHold(hook, request))
            .Select(hook => hook.Name)
            .ToList();
        (asked.Count > 0).ShouldBe(asks, string.Join(", ", asked));
    }

    public void Dispose()
    {
        _store.Dispose();
        _folder.Dispose();
    }

    private static IEnumerable<Webhook> Hooks() => Yaml.ParseObjects(File.ReadAllText(Path.Combine(ComponentRolesTests.Folder(), "virt-api.yaml")))
        .Where(o => o.Text("kind") is "MutatingWebhookConfiguration" or "ValidatingWebhookConfiguration")
        .SelectMany(Webhook.ReadAll);
}
