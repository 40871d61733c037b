namespace Godwit.LocalCluster.Admission;

/// <summary>Something that a policy holds against a request.</summary>
/// <param name="Message">What.</param>
/// <param name="Reason">The reason of the answer.</param>
internal sealed record PolicyFinding(string Message, string Reason)
{
    /// <summary>An expression had no value, or the policy could not be applied.</summary>
    public static PolicyFinding Failure(string message) => new(message, "Invalid");
}
