using System.Diagnostics;
using System.Globalization;
using Godwit.LocalCluster.Store;

namespace Godwit.Replay;

/// <summary>Runs one case against a cluster of its own and says which steps differ.</summary>
internal sealed class CaseRunner(Case recorded, Server server, Recorder recorder)
{
    private readonly Dictionary<string, (Step Step, Process Process)> _background = new(StringComparer.Ordinal);
    private readonly Dictionary<int, Outcome> _outcomes = [];
    private readonly string _folder = Path.Combine(server.WorkFolder, recorded.Name);

    /// <returns>For each compared step, in order, what differs.</returns>
    public async Task<IReadOnlyList<(Step Step, IReadOnlyList<string> Differences)>> RunAsync()
    {
        Directory.CreateDirectory(_folder);
        var shell = new Shell(_folder, await EnvironmentAsync());
        await PrepareAsync(shell);
        await MakeNamespaceAsync(shell);
        await using (recorded.Hooks.Count > 0 ? await TestWebhook.StartAsync(server.Host.Pki.Server(["localhost"], [System.Net.IPAddress.Loopback]), recorded.Hooks) : null)
        {
            try
            {
                foreach (var step in recorded.Steps)
                {
                    recorder.Step = step.Number;
                    await RunAsync(step, shell);
                }
            }
            finally
            {
                foreach (var (_, process) in _background.Values)
                {
                    await Shell.InterruptAsync(process, "KILL");
                    process.Dispose();
                }
            }
        }

        return Compare();
    }

    private async Task RunAsync(Step step, Shell shell)
    {
        switch (step.Role)
        {
            case "file":
                await File.WriteAllTextAsync(Path.Combine(_folder, step.File!.Value.Name), step.File.Value.Text);
                break;
            case "setup" or "command":
                _outcomes[step.Number] = await shell.RunAsync(step.Command!);
                break;
            case "background":
                _background[step.Id!] = (step, shell.Start(step.Command!));
                break;
            case "end":
                _background.Remove(step.Id!, out var started);
                using (started.Process)
                {
                    if (started.Step.Expected!.Interrupted)
                    {
                        await Shell.InterruptAsync(started.Process, "INT");
                    }

                    _outcomes[started.Step.Number] = await Shell.EndAsync(started.Process, started.Step.Expected.Interrupted);
                }

                break;
            case "sleep":
                // The recording waited so long, for what it shows next to be settled.
                await Task.Delay(TimeSpan.FromSeconds(step.Seconds), TimeProvider.System);
                break;
            case "compact":
                await server.Host.Store.CompactAsync(server.Host.Store.Revision);
                break;
            default:
                throw new ReplayException($"{recorded.Name}: step {step.Number} has the role '{step.Role}', which is not known here");
        }
    }

    private List<(Step Step, IReadOnlyList<string> Differences)> Compare()
    {
        var prefixes = Varying.PrefixesIn(recorded);
        // The recorder's own address, and the one that it was reached by.
        var then = new Varying(prefixes, "http://127.0.0.1:18080", "http://127.0.0.1:18001");
        var now = new Varying(prefixes, recorder.Address);
        var unmatched = recorder.Seen().ToList();
        return
        [
            .. recorded.Steps.Where(s => s.IsCompared && Claims.WhyLeftOut(recorded, s) is null).Select(step => (step, (IReadOnlyList<string>)
            [
                .. Comparison.Outcomes(Surface.Claimed(step), _outcomes[step.Number], then, now),
                .. Comparison.Exchanges(recorded.Exchanges.Where(e => e.Step == step.Number), unmatched, then, now),
            ])),
        ];
    }

    private async Task<Dictionary<string, string>> EnvironmentAsync()
    {
        var kubeconfig = Path.Combine(server.HomeFolder, "kubeconfig");
        await File.WriteAllTextAsync(kubeconfig, string.Create(CultureInfo.InvariantCulture, $$$"""
            apiVersion: v1
            kind: Config
            current-context: replay
            clusters: [{name: replay, cluster: {server: "{{{recorder.Address}}}"}}]
            contexts: [{name: replay, context: {cluster: replay, user: replay}}]
            users: [{name: replay, user: {}}]
            """));
        return new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["KUBECONFIG"] = kubeconfig,
            ["HOME"] = server.HomeFolder,
            ["TMPDIR"] = server.HomeFolder,
            ["NS"] = recorded.Namespace ?? "",
            ["API"] = recorder.Address,
            ["CABUNDLE"] = server.CaBundle(),
        };
    }

    private async Task PrepareAsync(Shell shell)
    {
        foreach (var (document, i) in Prerequisites.Of(recorded).Select(static (d, i) => (d, i)))
        {
            var file = Path.Combine(server.HomeFolder, $"{recorded.Name}-{i}.json");
            await File.WriteAllTextAsync(file, document);
            if (await shell.RunAsync($"kubectl get -f {file} || kubectl apply -f {file}") is { Exit: not 0 } failed)
            {
                throw new ReplayException($"what {recorded.Name} found cannot be made: {failed.Error}");
            }
        }
    }

    /// <summary>A case finds its namespace with the service account and the certificate.</summary>
    private async Task MakeNamespaceAsync(Shell shell)
    {
        if (recorded.Namespace is null)
        {
            return;
        }

        if (await shell.RunAsync($"kubectl create namespace {recorded.Namespace}") is { Exit: not 0 } failed)
        {
            throw new ReplayException($"the namespace {recorded.Namespace} cannot be made: {failed.Error}");
        }

        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(10));
        var store = server.Host.Store;
        for (var seen = store.Revision; !IsFurnished(); seen = store.Revision)
        {
            try
            {
                await store.WaitForChangeAsync(seen, deadline.Token);
            }
            catch (OperationCanceledException)
            {
                throw new ReplayException($"{recorded.Namespace} got no default service account and no kube-root-ca.crt in 10 s");
            }
        }

        bool IsFurnished() =>
            store.Get(new StoreKey("serviceaccounts", recorded.Namespace, "default")) is not null
            && store.Get(new StoreKey("configmaps", recorded.Namespace, "kube-root-ca.crt")) is not null;
    }
}
