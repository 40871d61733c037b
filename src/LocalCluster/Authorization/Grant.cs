namespace Godwit.LocalCluster.Authorization;

/// <summary>What one binding gives to one of its subjects.</summary>
/// <param name="Order">Place among all grants: the first that allows something is the reason.</param>
/// <param name="Binding">Who gives it.</param>
/// <param name="Subject">To whom.</param>
/// <param name="Rules">The role's; null when there is no such role.</param>
internal sealed record Grant(int Order, RoleBinding Binding, RoleSubject Subject, IReadOnlyList<PolicyRule>? Rules)
{
    public bool Allows(AccessAttributes wanted)
    {
        foreach (var rule in Rules ?? [])
        {
            if (rule.Allows(wanted))
            {
                return true;
            }
        }

        return false;
    }
}
