namespace Godwit.Machinery;

/// <summary>A patch that is malformed or does not fit its document.</summary>
public sealed class JsonPatchException(string message, bool testFailed = false) : Exception(message)
{
    /// <summary>The patch itself is sound; a <c>test</c> in it did not hold.</summary>
    public bool TestFailed { get; } = testFailed;
}
