using Godwit.Integration.LocalCluster;
using Godwit.LocalCluster.ApiServer;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Godwit.Integration.ApiServer;

/// <summary>A state folder that servers come and go on.</summary>
internal sealed class StateFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("godwit-state-").FullName;

    public Kubectl Kubectl => new(System.IO.Path.Combine(Path, "kubeconfig"), Path);

    public Task<ApiServerHost> StartAsync(int port = 0, ILoggerFactory? loggers = null) =>
        ApiServerHost.StartAsync(new ApiServerOptions { StateDirectory = Path, Port = port, ClusterName = "h2" }, loggers ?? NullLoggerFactory.Instance, CancellationToken.None);

    /// <summary>The files as they are at this moment, as a killed process leaves them.</summary>
    public StateFolder Snapshot()
    {
        var copy = new StateFolder();
        foreach (var file in Directory.GetFiles(Path, "*", SearchOption.AllDirectories))
        {
            var target = System.IO.Path.Combine(copy.Path, System.IO.Path.GetRelativePath(Path, file));
            Directory.CreateDirectory(System.IO.Path.GetDirectoryName(target)!);
            File.Copy(file, target);
        }

        return copy;
    }

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
