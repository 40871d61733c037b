namespace Godwit.Machinery;

/// <summary>Text that is no YAML, or YAML that has no meaning as JSON; the message says where.</summary>
public sealed class YamlSyntaxException : FormatException
{
    public YamlSyntaxException(long line, long column, string message, Exception? inner = null)
        : base($"line {line}, column {column}: {message}", inner)
    {
        Line = line;
        Column = column;
    }

    public long Line { get; }

    public long Column { get; }
}
