namespace Godwit.LocalCluster.Kubelet;

/// <summary>
/// One run of one container, as it lies on disk. With conmon's exit file and the API this is all that a kubelet
/// that was started again needs to carry on.
/// </summary>
public sealed record ContainerRecord
{
    public required string Id { get; init; }
    public required string PodUid { get; init; }
    public required string Namespace { get; init; }
    public required string Pod { get; init; }
    public required string Name { get; init; }

    /// <summary>0 for the first run, one more for each restart.</summary>
    public required int Attempt { get; init; }
    public bool IsInit { get; init; }
    public string Image { get; init; } = "";
    public string ImageId { get; init; } = "";
    public string LogPath { get; init; } = "";
    public DateTimeOffset CreatedAt { get; init; }

    /// <summary>Null until the process was let run.</summary>
    public DateTimeOffset? StartedAt { get; init; }
    public int Pid { get; init; }

    /// <summary>Tells the process from a later one of the same number.</summary>
    public long PidStartTime { get; init; }
    public DateTimeOffset? FinishedAt { get; init; }
    public int? ExitCode { get; init; }
    public string? Reason { get; init; }
    public string? Message { get; init; }

    /// <summary>How often the container ended in a row before this run, without a long run between; sets the back-off.</summary>
    public int Crashes { get; init; }

    /// <summary>True when the runtime's state and the mounts of an ended run were taken away.</summary>
    public bool IsCleaned { get; init; }

    /// <summary>When SIGTERM was sent, so that a restarted kubelet does not send it again.</summary>
    public DateTimeOffset? StopSentAt { get; init; }

    /// <summary>Where the container may leave a last word, on the host.</summary>
    public string? TerminationMessageFile { get; init; }
    public string? TerminationMessagePolicy { get; init; }

    [System.Text.Json.Serialization.JsonIgnore]
    public bool IsRunning => StartedAt is not null && FinishedAt is null;

    [System.Text.Json.Serialization.JsonIgnore]
    public bool IsFinished => FinishedAt is not null;
}
