using System.Net.Http.Headers;
using Godwit.LocalCluster.ApiServer.Admission;
using Godwit.LocalCluster.ApiServer.Errors;

namespace Godwit.LocalCluster.Aggregation;

/// <summary>
/// The headers that tell an aggregated server who asks; their names are published for it. Each group goes in a header of its own:
/// this HTTP client would put several of one name into one line, which nobody takes apart, as a group may hold a comma.
/// </summary>
internal static class FrontProxyHeaders
{
    public const string User = "X-Remote-User";
    public const string ExtraPrefix = "X-Remote-Extra-";

    private const int MostGroups = 64;

    /// <summary>One for each group, in order.</summary>
    public static IReadOnlyList<string> Groups { get; } =
        ["X-Remote-Group", .. Enumerable.Range(2, MostGroups - 1).Select(static i => $"X-Remote-Group-{i}")];

    /// <summary>Says who asks.</summary>
    public static void Identify(HttpRequestHeaders headers, UserInfo user)
    {
        if (user.Groups.Count > MostGroups)
        {
            throw ApiErrors.BadRequest($"user {user.Name} is in {user.Groups.Count} groups; no more than {MostGroups} can be told to an aggregated server");
        }

        headers.TryAddWithoutValidation(User, user.Name);
        foreach (var (header, group) in Groups.Zip(user.Groups))
        {
            headers.TryAddWithoutValidation(header, group);
        }

        foreach (var (key, values) in user.Extra)
        {
            headers.TryAddWithoutValidation(ExtraPrefix + Uri.EscapeDataString(key), values);
        }
    }
}
