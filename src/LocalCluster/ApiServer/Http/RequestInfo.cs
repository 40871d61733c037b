namespace Godwit.LocalCluster.ApiServer.Http;

/// <summary>
/// A resource path taken apart: <c>/apis/G/V/namespaces/NS/RESOURCE/NAME/SUBRESOURCE</c> and its shorter forms. Rest is what
/// follows the subresource (<c>proxy/some/path</c>).
/// </summary>
internal sealed record RequestInfo(
    string Group,
    string Version,
    string Namespace,
    string Resource,
    string Name,
    string Subresource,
    string Rest,
    bool LegacyWatch)
{
    private static readonly string[] NamespaceSubresources = ["status", "finalize"];

    /// <summary>Null when the path is not below /api/VERSION/ or /apis/GROUP/VERSION/.</summary>
    public static RequestInfo? Parse(string path)
    {
        var parts = path.Split('/', StringSplitOptions.RemoveEmptyEntries);
        var at = parts switch
        {
            ["api", _, _, ..] => 2,
            ["apis", _, _, _, ..] => 3,
            _ => 0,
        };
        if (at == 0)
        {
            return null;
        }

        var group = at == 2 ? "" : parts[1];
        var version = parts[at - 1];
        var watch = parts[at] == "watch" && parts.Length > at + 1;
        if (watch)
        {
            at++;
        }

        var ns = "";
        if (parts[at] == "namespaces" && parts.Length > at + 2
            && !(parts.Length == at + 3 && NamespaceSubresources.Contains(parts[at + 2])))
        {
            ns = parts[at + 1];
            at += 2;
        }

        string Part(int i) => parts.Length > at + i ? parts[at + i] : "";
        return new RequestInfo(group, version, ns, Part(0), Part(1), Part(2), string.Join('/', parts.Skip(at + 3)), watch);
    }
}
