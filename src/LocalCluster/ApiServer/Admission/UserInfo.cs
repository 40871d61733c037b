namespace Godwit.LocalCluster.ApiServer.Admission;

/// <summary>The authenticated caller.</summary>
public sealed record UserInfo(string Name, IReadOnlyList<string> Groups, string Uid = "")
{
    /// <summary>The cluster's own controllers, when they act in process.</summary>
    public static readonly UserInfo System = new("system:apiserver", ["system:masters", "system:authenticated"]);

    /// <summary>What a credential carries beyond name and groups, as TokenReview's extra.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<string>> Extra { get; init; } = new Dictionary<string, IReadOnlyList<string>>();

    /// <summary>Tells by which credential somebody came.</summary>
    public static IReadOnlyDictionary<string, IReadOnlyList<string>> Credential(string id) =>
        new Dictionary<string, IReadOnlyList<string>>(StringComparer.Ordinal) { ["authentication.kubernetes.io/credential-id"] = [id] };
}
