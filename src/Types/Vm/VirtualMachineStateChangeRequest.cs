namespace Godwit.Types;

/// <summary>A wish that the virtual machine be started or stopped.</summary>
public sealed record VirtualMachineStateChangeRequest : ApiPart
{
    public string? Action { get; init; }

    public IReadOnlyDictionary<string, string>? Data { get; init; }

    /// <summary>The VMI that is to be stopped: a later one is not meant.</summary>
    public string? Uid { get; init; }
}
