using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using System.Text.Json.Nodes;
using Godwit.Machinery;
using Godwit.Types;
using Microsoft.AspNetCore.Http;

namespace Godwit.VirtApi.Subresources;

/// <summary>
/// Tells whose request the API server passes on. Its word counts only with the client certificate that it publishes for this
/// purpose; anyone else who sends the same headers is refused.
/// </summary>
public sealed class FrontProxy(ApiClient api, TimeProvider clock)
{
    private static readonly NamespacedName Source = new("kube-system", "extension-apiserver-authentication");
    private static readonly TimeSpan Fresh = TimeSpan.FromMinutes(1);
    private (FrontProxySettings Settings, long At)? _cached;

    /// <summary>The user; null when the request does not come from the API server.</summary>
    public async Task<RemoteUser?> IdentifyAsync(HttpContext context, CancellationToken ct)
    {
        if (context.Connection.ClientCertificate is not { } certificate)
        {
            return null;
        }

        var settings = await SettingsAsync(ct);
        return settings.Trusts(certificate) ? settings.Read(context.Request.Headers) : null;
    }

    private async Task<FrontProxySettings> SettingsAsync(CancellationToken ct)
    {
        if (_cached is { } cached && clock.GetElapsedTime(cached.At) < Fresh)
        {
            return cached.Settings;
        }

        var settings = FrontProxySettings.Read(await api.GetAsync(Kinds.ConfigMap, Source, ct: ct));
        _cached = (settings, clock.GetTimestamp());
        return settings;
    }
}

/// <summary>What the API server publishes about itself as a proxy.</summary>
/// <param name="Authorities">Who signs its client certificate, as PEM.</param>
/// <param name="Names">Its names; empty: any.</param>
/// <param name="UserHeaders">Headers with the user, the first that is there counts.</param>
/// <param name="GroupHeaders">Headers with the groups.</param>
/// <param name="ExtraPrefixes">How headers with further facts begin.</param>
internal sealed record FrontProxySettings(
    string Authorities,
    IReadOnlyList<string> Names,
    IReadOnlyList<string> UserHeaders,
    IReadOnlyList<string> GroupHeaders,
    IReadOnlyList<string> ExtraPrefixes)
{
    public static FrontProxySettings Read(JsonNode map) => new(
        map.Text("data", "requestheader-client-ca-file") ?? "",
        List(map, "requestheader-allowed-names"),
        List(map, "requestheader-username-headers"),
        List(map, "requestheader-group-headers"),
        List(map, "requestheader-extra-headers-prefix"));

    public bool Trusts(X509Certificate2 certificate) =>
        Authorities.Length > 0
        && PeerTrust.Chains(certificate, Authorities)
        && (Names.Count == 0 || Names.Contains(certificate.GetNameInfo(X509NameType.SimpleName, forIssuer: false), StringComparer.Ordinal));

    public RemoteUser? Read(IHeaderDictionary headers)
    {
        var name = UserHeaders.Select(header => headers[header].ToString()).FirstOrDefault(static value => value.Length > 0);
        if (name is null)
        {
            return null;
        }

        var extra = new Dictionary<string, IReadOnlyList<string>>(StringComparer.Ordinal);
        foreach (var (header, values) in headers)
        {
            if (ExtraPrefixes.FirstOrDefault(p => header.StartsWith(p, StringComparison.OrdinalIgnoreCase)) is { } prefix)
            {
                extra[Uri.UnescapeDataString(header[prefix.Length..]).ToLowerInvariant()] = [.. values.OfType<string>()];
            }
        }

        return new(name, [.. GroupHeaders.SelectMany(header => headers[header].OfType<string>())], extra);
    }

    private static IReadOnlyList<string> List(JsonNode map, string key)
    {
        try
        {
            return map.Text("data", key) is { } text && JsonNode.Parse(text) is JsonArray items
                ? [.. items.Select(static item => item.Text()).OfType<string>()]
                : [];
        }
        catch (JsonException)
        {
            return [];
        }
    }
}
