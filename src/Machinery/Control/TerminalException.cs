namespace Godwit.Machinery;

/// <summary>A failure that trying again cannot cure; the key rests until its object changes.</summary>
public sealed class TerminalException : Exception
{
    public TerminalException(string message)
        : base(message)
    {
    }

    public TerminalException(string message, Exception inner)
        : base(message, inner)
    {
    }
}
