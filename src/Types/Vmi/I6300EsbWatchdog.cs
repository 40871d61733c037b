namespace Godwit.Types;

/// <summary>The PCI watchdog and what it does when nobody feeds it.</summary>
public sealed record I6300EsbWatchdog : ApiPart
{
    public string? Action { get; init; }
}
