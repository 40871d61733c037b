namespace Godwit.Cli.Install;

/// <summary>Says what is in the way of an installation. Pure.</summary>
public static class InstallChecks
{
    /// <summary>The oldest Kubernetes that serves what the manifests use: admission policies and match conditions as v1.</summary>
    public const int LeastMinor = 30;

    /// <summary>All that is in the way; empty: it can be installed.</summary>
    /// <param name="facts">The cluster as it is.</param>
    /// <param name="current">The version that is to be installed.</param>
    /// <param name="upgrade">An installation that is there is to be replaced.</param>
    public static IReadOnlyList<InstallProblem> Decide(InstallFacts facts, string current, bool upgrade)
    {
        var problems = new List<InstallProblem>();
        var (major, minor, text) = facts.Server;
        if (major < 1 || (major == 1 && minor < LeastMinor))
        {
            problems.Add(new($"The cluster is Kubernetes {text}; 1.{LeastMinor} is the oldest that Godwit runs on.", "Upgrade the cluster first."));
        }

        if (facts.UnknownKinds.Count > 0)
        {
            problems.Add(new($"The cluster does not serve {string.Join(", ", facts.UnknownKinds)}.", "Switch these APIs on in the API server."));
        }

        if (facts.KubeVirt is { } operatorName)
        {
            problems.Add(new(
                $"KubeVirt is installed here ({operatorName}), which serves the same API.",
                "Godwit takes over its objects but not its running guests: stop them, remove KubeVirt "
                + "('kubectl delete kubevirt -n kubevirt kubevirt', then the manifest of its operator), and install again; the manifests of your VMs stay as they are."));
        }
        else if (facts.ForeignDefinitions.Count > 0)
        {
            problems.Add(new(
                $"These definitions were made by something else than Godwit: {string.Join(", ", facts.ForeignDefinitions)}.",
                "Find out whose they are; objects of these kinds are lost when they are deleted ('kubectl delete crd NAME')."));
        }

        if (facts.StoredVersions.Count > 0)
        {
            problems.Add(new(
                $"Objects are stored in versions that this Godwit does not know: {string.Join(", ", facts.StoredVersions)}.",
                "Install a Godwit that knows them."));
        }

        if (facts.MissingRights.Count > 0)
        {
            problems.Add(new(
                $"You may not: {string.Join("; ", facts.MissingRights)}.",
                "Ask an administrator of the cluster, or use a kubeconfig that has the role cluster-admin."));
        }

        problems.AddRange((facts.Installed, upgrade) switch
        {
            (null, true) => [new("Godwit is not installed here.", "Use 'godwit install'.")],
            ({ } version, false) when version != current => [new($"Godwit {version} is installed here, this is {current}.", "Use 'godwit upgrade'.")],
            _ => Array.Empty<InstallProblem>(),
        });
        return problems;
    }
}
