using System.Text.Json.Nodes;
using Godwit.Cli.Api;
using Godwit.Machinery;
using Godwit.Tests.E2E.Support;
using Xunit;

namespace Godwit.Tests.E2E.Document;

/// <summary>The document's vmi-fedora as a small guest that all tests of a class share, and what the document does with it.</summary>
public sealed class DocumentGuest<TTests>(ClusterFixture cluster) : IAsyncLifetime
{
    private const string Name = "vmi-fedora";
    private const string Job = "migration-job";
    private Guest? _guest;

    internal Guest Guest => _guest ?? throw new InvalidOperationException(cluster.Lacking ?? "the guest did not start");

    private static string Namespace { get; } = $"doc-{typeof(TTests).Name.ToLowerInvariant()}";

    public async ValueTask InitializeAsync()
    {
        if (cluster.Lacking is null)
        {
            _guest = await SmallGuest.StartAsync(cluster, Namespace, Name);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_guest is { } guest)
        {
            await guest.DisposeAsync();
        }
    }

    /// <summary>Posts the document's VMIM, as it is, in place of an earlier one.</summary>
    internal async Task<Tool.Outcome> PostAsync(params string[] flags)
    {
        (await cluster.KubectlAsync(["delete", "vmim", Job, "-n", Namespace, "--ignore-not-found"])).Ok();
        return await cluster.KubectlAsync(["create", "-n", Namespace, "-f", Path.Combine(ClusterFixture.Root, "examples", "migration-job.yaml"), .. flags]);
    }

    /// <summary>Posts the document's VMIM and waits for how it ends.</summary>
    internal async Task<MigrationFacts> MigrateAsync()
    {
        (await PostAsync()).Ok();
        return await Guest.EndOfAsync(Job);
    }

    /// <summary>Posts the document's VMIM and waits until the guest's memory is on its way.</summary>
    internal async Task BeginAsync()
    {
        (await PostAsync()).Ok();
        await Guest.UntilAsync(Job, static m => m.At("status", "migrationState", "transfer") is JsonObject);
    }

    /// <summary>Waits for how the migration that was begun ends.</summary>
    internal Task<MigrationFacts> EndAsync() => Guest.EndOfAsync(Job);

    /// <summary>Cancels as the document does.</summary>
    internal async Task CancelAsync() => (await cluster.KubectlAsync(["delete", "vmim", Job, "-n", Namespace, "--timeout=60s"])).Ok();

    /// <summary>The VMI's status as kubectl shows it.</summary>
    internal async Task<JsonNode> ShownAsync() =>
        Yaml.ParseObjects((await cluster.KubectlAsync(["get", "vmi", Name, "-n", Namespace, "-o", "yaml"])).Ok()).Single().At("status")!;
}
