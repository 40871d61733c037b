using System.Collections.Concurrent;
using System.Security.Cryptography.X509Certificates;
using Godwit.LocalCluster.ApiServer.Admission;
using Microsoft.AspNetCore.Http;

namespace Godwit.LocalCluster.ApiServer.Http;

/// <summary>Who is calling: the subject of a client certificate of the cluster's CA, or a service account token.</summary>
internal sealed class Authenticator(X509Certificate2 ca, ServiceAccountTokens tokens, TimeProvider time)
{
    private const string CommonName = "2.5.4.3";
    private const string Organization = "2.5.4.10";

    /// <summary>The group that says on which node an agent works, as the token of a pod does by its extra.</summary>
    private const string AgentOf = "system:node-agent:";

    private readonly ConcurrentDictionary<string, (UserInfo User, DateTimeOffset Until)> _known = new(StringComparer.Ordinal);

    /// <summary>Null: not authenticated.</summary>
    public UserInfo? Authenticate(HttpContext context)
    {
        if (context.Connection.ClientCertificate is { } certificate && FromCertificate(certificate) is { } user)
        {
            return user;
        }

        var authorization = context.Request.Headers.Authorization.ToString();
        return authorization.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase)
            ? tokens.Authenticate(authorization["Bearer ".Length..].Trim())
            : null;
    }

    private UserInfo? FromCertificate(X509Certificate2 certificate)
    {
        var now = time.GetUtcNow();
        var key = certificate.GetCertHashString(System.Security.Cryptography.HashAlgorithmName.SHA256);
        if (_known.TryGetValue(key, out var known) && known.Until > now)
        {
            return known.User;
        }

        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.Add(ca);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.ApplicationPolicy.Add(new System.Security.Cryptography.Oid("1.3.6.1.5.5.7.3.2"));
        chain.ChainPolicy.VerificationTime = now.LocalDateTime;
        if (!chain.Build(certificate))
        {
            return null;
        }

        var name = "";
        var groups = new List<string>();
        foreach (var part in certificate.SubjectName.EnumerateRelativeDistinguishedNames(reversed: false))
        {
            if (part.HasMultipleElements)
            {
                continue;
            }

            switch (part.GetSingleElementType().Value)
            {
                case CommonName:
                    name = part.GetSingleElementValue() ?? "";
                    break;
                case Organization when part.GetSingleElementValue() is { } group:
                    groups.Add(group);
                    break;
            }
        }

        if (name.Length == 0)
        {
            return null;
        }

        groups.Add("system:authenticated");
        var user = new UserInfo(name, groups) { Extra = Extra("X509SHA256=" + key.ToLowerInvariant(), groups) };
        if (_known.Count > 1000)
        {
            _known.Clear();
        }

        _known[key] = (user, new DateTimeOffset(certificate.NotAfter));
        return user;
    }

    private static Dictionary<string, IReadOnlyList<string>> Extra(string credential, List<string> groups)
    {
        var extra = new Dictionary<string, IReadOnlyList<string>>(UserInfo.Credential(credential), StringComparer.Ordinal);
        if (groups.Find(static g => g.StartsWith(AgentOf, StringComparison.Ordinal)) is { } agent)
        {
            extra["authentication.kubernetes.io/node-name"] = [agent[AgentOf.Length..]];
        }

        return extra;
    }
}
