namespace Godwit.LocalCluster.Kubelet;

/// <summary>Gives out what a container wrote; the API server answers <c>pods/log</c> from it.</summary>
public interface IPodLogs
{
    /// <summary>Copies the log to <paramref name="output"/>; with <see cref="PodLogRequest.Follow"/> until the container has ended.</summary>
    /// <exception cref="PodLogException">There is no such log; the message is meant for the user.</exception>
    Task CopyAsync(PodLogRequest request, Stream output, CancellationToken cancellation);
}
