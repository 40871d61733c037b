using Godwit.Machinery;
using Godwit.Types;

namespace Godwit.VirtApi.Admission;

/// <summary>The webhooks by their paths, which are KubeVirt's: gather what a rule needs, ask the rule, do what it says.</summary>
public sealed class Webhooks
{
    private readonly ApiClient _api;
    private readonly ClusterFacts _facts;
    private readonly TimeProvider _clock;

    public Webhooks(ApiClient api, ClusterFacts facts, TimeProvider clock)
    {
        _api = api;
        _facts = facts;
        _clock = clock;
        ByPath = new Dictionary<string, Func<AdmissionRequest, CancellationToken, Task<AdmissionVerdict>>>(StringComparer.Ordinal)
        {
            ["/virtualmachineinstances-mutate"] = MutateVmiAsync,
            ["/virtualmachineinstances-validate-create"] = async (r, ct) => VmiAdmission.ValidateCreate(r, await _facts.ConfigurationAsync(ct)),
            ["/virtualmachineinstances-validate-update"] = static (r, _) => Task.FromResult(VmiAdmission.ValidateUpdate(r)),
            ["/virtualmachines-mutate"] = static (r, _) => Task.FromResult(VirtualMachineAdmission.Mutate(r)),
            ["/virtualmachines-validate"] = async (r, ct) => VirtualMachineAdmission.Validate(r, await _facts.ConfigurationAsync(ct)),
            ["/virtualmachinereplicaset-validate"] = async (r, ct) => VirtualMachineAdmission.ValidateReplicaSet(r, await _facts.ConfigurationAsync(ct)),
            ["/migration-mutate-create"] = static (r, _) => Task.FromResult(MigrationAdmission.Mutate(r)),
            ["/migration-validate-create"] = async (r, ct) => MigrationAdmission.ValidateCreate(r, await _facts.ForMigrationAsync(r, ct)),
            ["/migration-validate-update"] = static (r, _) => Task.FromResult(MigrationAdmission.ValidateUpdate(r)),
            ["/migration-policy-validate-create"] = async (r, ct) => SettingsAdmission.ValidatePolicy(r, await _facts.ConfigurationAsync(ct)),
            ["/kubevirt-validate-update"] = async (r, ct) =>
                SettingsAdmission.ValidateKubeVirt(r, await _facts.MissingAsync(SettingsAdmission.NewNetwork(r), ct)),
            ["/pod-eviction-validate"] = EvictAsync,
        };
    }

    public IReadOnlyDictionary<string, Func<AdmissionRequest, CancellationToken, Task<AdmissionVerdict>>> ByPath { get; }

    /// <summary>Settings are read only where they matter: agents update VMIs all the time.</summary>
    private async Task<AdmissionVerdict> MutateVmiAsync(AdmissionRequest request, CancellationToken ct)
    {
        var cluster = request.IsCreate ? await _facts.ConfigurationAsync(ct) : ClusterConfiguration.Default;
        return VmiAdmission.Mutate(request, cluster, _clock.GetUtcNow());
    }

    private async Task<AdmissionVerdict> EvictAsync(AdmissionRequest request, CancellationToken ct)
    {
        var facts = await _facts.ForEvictionAsync(request, ct);
        var decision = EvictionAdmission.Decide(facts);
        if (decision.Refusal is null)
        {
            return AdmissionVerdict.Allowed;
        }

        if (decision.MarkNode is { } node)
        {
            try
            {
                var vmi = facts.Vmi!;
                await _api.PatchAsync(
                    Kinds.VirtualMachineInstance,
                    new(vmi.Metadata.Namespace ?? request.Key.Namespace, vmi.Metadata.Name ?? ""),
                    PatchKind.Json,
                    EvictionAdmission.Mark(vmi, node, EvictionAdmission.ByDescheduler(request)),
                    new WriteOptions { DryRun = EvictionAdmission.IsDryRun(request) },
                    ct);
            }
            catch (ApiException e)
            {
                return AdmissionVerdict.TooManyRequests($"kubevirt failed marking the vmi for eviction: {e.Status.Message ?? e.Message}");
            }
        }

        return AdmissionVerdict.TooManyRequests(decision.Refusal);
    }
}
