namespace Godwit.Types;

/// <summary>What DHCP tells the guest besides its address.</summary>
public sealed record DhcpOptions : ApiPart
{
    public string? BootFileName { get; init; }

    public string? TftpServerName { get; init; }

    public IReadOnlyList<string>? NtpServers { get; init; }

    public IReadOnlyList<DhcpPrivateOption>? PrivateOptions { get; init; }
}
