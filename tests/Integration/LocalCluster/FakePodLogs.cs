using System.Text;
using Godwit.LocalCluster.Kubelet;

namespace Godwit.Integration.LocalCluster;

/// <summary>Stands in for the kubelets: two lines for every container but the one named <c>silent</c>.</summary>
public sealed class FakePodLogs : IPodLogs
{
    /// <summary>What was asked last.</summary>
    public PodLogRequest? Last { get; private set; }

    public async Task CopyAsync(PodLogRequest request, Stream output, CancellationToken cancellation)
    {
        Last = request;
        if (request.Container == "silent")
        {
            throw new PodLogException($"container \"silent\" in pod \"{request.Pod}\" is waiting to start: ContainerCreating");
        }

        await output.WriteAsync(Encoding.UTF8.GetBytes($"{request.Container} said one\n{request.Container} said two\n"), cancellation);
    }
}
