using System.Text.Json.Nodes;

namespace Godwit.Qemu;

/// <summary>Arguments of <c>migrate-set-parameters</c>; what is null is left as it is. To unset a text give "".</summary>
public sealed record MigrationParameters
{
    /// <summary>Stands for "no limit": QEMU has no word for it, so a rate that no link reaches.</summary>
    public const long UnlimitedBandwidth = 1L << 40;

    /// <summary>Bytes a second.</summary>
    public long? MaxBandwidth { get; init; }

    /// <summary>Bytes a second of the background stream in post-copy, 0 for no limit; pages that the guest waits for are not held up.</summary>
    public long? MaxPostcopyBandwidth { get; init; }

    /// <summary>Milliseconds.</summary>
    public long? DowntimeLimit { get; init; }

    /// <summary>Must be given, and be equal, on both sides when multifd is on.</summary>
    public int? MultifdChannels { get; init; }

    public string? MultifdCompression { get; init; }

    public string? TlsCreds { get; init; }

    public string? TlsHostname { get; init; }

    public string? TlsAuthz { get; init; }

    public int? CpuThrottleInitial { get; init; }

    public int? CpuThrottleIncrement { get; init; }

    public int? MaxCpuThrottle { get; init; }

    public int? AnnounceRounds { get; init; }

    public long? XbzrleCacheSize { get; init; }

    public JsonObject ToJson()
    {
        var json = new JsonObject();
        Add("max-bandwidth", MaxBandwidth);
        Add("max-postcopy-bandwidth", MaxPostcopyBandwidth);
        Add("downtime-limit", DowntimeLimit);
        Add("multifd-channels", MultifdChannels);
        Add("multifd-compression", MultifdCompression);
        Add("tls-creds", TlsCreds);
        Add("tls-hostname", TlsHostname);
        Add("tls-authz", TlsAuthz);
        Add("cpu-throttle-initial", CpuThrottleInitial);
        Add("cpu-throttle-increment", CpuThrottleIncrement);
        Add("max-cpu-throttle", MaxCpuThrottle);
        Add("announce-rounds", AnnounceRounds);
        Add("xbzrle-cache-size", XbzrleCacheSize);
        return json;

        void Add(string name, JsonNode? value)
        {
            if (value is not null)
            {
                json[name] = value;
            }
        }
    }
}
