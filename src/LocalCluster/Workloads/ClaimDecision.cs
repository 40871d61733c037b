namespace Godwit.LocalCluster.Workloads;

/// <summary>What a workload takes for its own and what it lets go: pure. The rules are those of Kubernetes' controllers.</summary>
internal static class ClaimDecision
{
    /// <param name="owner">UID of the workload.</param>
    /// <param name="isDeleting">The workload is on its way out: it takes nothing more.</param>
    /// <param name="candidates">All objects that might be its own.</param>
    public static ClaimPlan Decide(string owner, bool isDeleting, IEnumerable<Claim> candidates)
    {
        var owned = new List<Claim>();
        var adopted = new List<Claim>();
        var released = new List<Claim>();
        foreach (var candidate in candidates)
        {
            if (candidate.Controller == owner)
            {
                (candidate.Matches ? owned : isDeleting ? [] : released).Add(candidate);
            }
            else if (candidate.Controller is null && candidate.Matches && !candidate.IsDeleting && !isDeleting)
            {
                adopted.Add(candidate);
            }
        }

        return new(owned, adopted, released);
    }
}
