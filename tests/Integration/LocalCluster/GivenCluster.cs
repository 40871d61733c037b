using Godwit.Integration.LocalCluster;
using Xunit;

[assembly: AssemblyFixture(typeof(GivenCluster))]

namespace Godwit.Integration.LocalCluster;

/// <summary>
/// The cluster of <c>GODWIT_TEST_KUBECONFIG</c>, if there is one: when all tests are over, what they made there is taken away, for
/// they are written for a server that ends with them.
/// </summary>
public sealed class GivenCluster : IAsyncLifetime
{
    public const string Variable = "GODWIT_TEST_KUBECONFIG";

    /// <summary>Namespaces last: theirs are only gone when the definitions, which may hold them, have been seen to.</summary>
    private const string Kinds =
        "validatingwebhookconfigurations,mutatingwebhookconfigurations,validatingadmissionpolicybindings,validatingadmissionpolicies," +
        "customresourcedefinitions,clusterrolebindings,clusterroles,priorityclasses,persistentvolumes,nodes,namespaces";

    private readonly string _home = Directory.CreateTempSubdirectory("godwit-given-").FullName;
    private IReadOnlyList<string> _before = [];

    /// <summary>Its kubeconfig; null when the tests bring their own server.</summary>
    public static string? Kubeconfig { get; } = Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } file ? Path.GetFullPath(file) : null;

    public async ValueTask InitializeAsync()
    {
        if (Kubeconfig is not null)
        {
            _before = await NamesAsync(Kubeconfig);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (Kubeconfig is not null)
        {
            var made = (await NamesAsync(Kubeconfig)).Except(_before).ToArray();
            if (made.Length > 0)
            {
                await new Kubectl(Kubeconfig, _home).MustAsync($"delete {string.Join(' ', made)} --ignore-not-found --wait=false");
            }
        }

        Directory.Delete(_home, recursive: true);
    }

    private async Task<IReadOnlyList<string>> NamesAsync(string kubeconfig) =>
        (await new Kubectl(kubeconfig, _home).MustAsync($"get {Kinds} -o name")).Split('\n', StringSplitOptions.RemoveEmptyEntries);
}
