namespace Godwit.VirtHandler.Host;

/// <summary>The edge to the node's programs: ip, nft, nsenter, qemu-img and the like.</summary>
public interface IHostTools
{
    /// <summary>Runs one program to its end; a missing program or a passed deadline is a <see cref="HostToolException"/>.</summary>
    Task<HostToolResult> RunAsync(string program, IReadOnlyList<string> arguments, string? input, CancellationToken cancellationToken);
}
