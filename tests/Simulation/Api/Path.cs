using System.Web;
using Godwit.Machinery;

namespace Godwit.Simulation.Api;

/// <summary>A request's path, taken apart.</summary>
internal sealed record Path(string Resource, string? Namespace, string? Name, string? Subresource, System.Collections.Specialized.NameValueCollection Query)
{
    public NamespacedName Key => new(Namespace ?? "", Name ?? "");

    public static Path Parse(Uri uri)
    {
        var parts = uri.AbsolutePath.Split('/', StringSplitOptions.RemoveEmptyEntries).Select(Uri.UnescapeDataString).ToArray();
        // api/v1/... or apis/group/version/...
        var group = parts[0] == "api" ? "" : parts[1] + "/";
        var rest = parts[(parts[0] == "api" ? 2 : 3)..];
        var @namespace = rest.Length > 2 && rest[0] == "namespaces" ? rest[1] : null;
        rest = @namespace is null ? rest : rest[2..];
        return new Path(group + rest[0], @namespace, rest.ElementAtOrDefault(1), rest.ElementAtOrDefault(2), HttpUtility.ParseQueryString(uri.Query));
    }

    public static string ResourceOf(ResourceKind kind) => kind.Group.Length == 0 ? kind.Plural : $"{kind.Group}/{kind.Plural}";
}
