using Godwit.Qemu;
using Godwit.VirtHandler.Forwarding;
using Godwit.VirtHandler.Host;
using Godwit.VirtHandler.Network;

namespace Godwit.VirtHandler.Migration;

/// <summary>What a migration needs of the node besides QEMU. Without a pod network (null) nothing is opened or tested.</summary>
public sealed record MigrationTools(ITargetDomain Targets, IPodNetwork? Network, IHostTools? Host)
{
    /// <summary>How QEMU's monitors are reached.</summary>
    public QmpClientOptions Monitors { get; init; } = new();

    /// <summary>How open connections are kept; null where they are not.</summary>
    public ForwardingTools? Forwarding { get; init; }

    /// <summary>Who decides each step.</summary>
    public SwitchoverRules Rules { get; init; } = SwitchoverRules.Standard;

    /// <summary>
    /// Null when a TCP connection from the pod to the address is taken, else what happened. Only for ports where a stray
    /// connection does no harm: a QEMU that waits for a plain stream would take it for the stream.
    /// </summary>
    public async Task<string?> TestConnectionAsync(int pid, string address, int port, CancellationToken cancellationToken)
    {
        if (Host is null)
        {
            return null;
        }

        var result = await Host.RunAsync(
            "nsenter",
            ["-t", $"{pid}", "-n", "timeout", "3", "bash", "-c", "exec 3<>\"/dev/tcp/$0/$1\"", address, $"{port}"],
            input: null,
            cancellationToken);
        return result.ExitCode == 0
            ? null
            : $"the target's port {port} at {address} cannot be reached from the source pod: "
              + (result.ExitCode == 124 ? "no answer within 3 s" : result.Error.Trim());
    }
}
