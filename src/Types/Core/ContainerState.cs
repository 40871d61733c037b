namespace Godwit.Types;

/// <summary>Waiting, running or terminated: exactly one.</summary>
public sealed record ContainerState : ApiPart
{
    public ContainerStateWaiting? Waiting { get; init; }

    public ContainerStateRunning? Running { get; init; }

    public ContainerStateTerminated? Terminated { get; init; }
}
