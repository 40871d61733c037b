using System.Text.Json.Nodes;

namespace Godwit.Replay;

/// <summary>One request and its answer, recorded then or seen now.</summary>
/// <param name="Step">The step during which it was made.</param>
/// <param name="InBackground">A background command made it (known of recorded ones only).</param>
/// <param name="Request">Method, path and query, with what varies taken out: what two exchanges are matched by.</param>
/// <param name="Status">The answer's status code.</param>
/// <param name="Body">The answer; null for none, or when it is not to be compared.</param>
/// <param name="Events">What a watch gave; null for other requests.</param>
internal sealed record Exchange(int Step, bool InBackground, string Request, int Status, JsonNode? Body, IReadOnlyList<JsonNode>? Events)
{
    /// <summary>Documents about the server's whole surface, which LocalCluster serves a part of: only their status is compared.</summary>
    public bool IsAboutSurface
    {
        get
        {
            var path = Request.Split(' ', '?')[1];
            return path is "/api" or "/apis" or "/" or "/version" || path.StartsWith("/openapi", StringComparison.Ordinal)
                || (path.StartsWith("/apis/", StringComparison.Ordinal) && path.Count(static c => c == '/') <= 3) || path == "/api/v1";
        }
    }
}
