namespace Godwit.Qemu;

/// <summary>QEMU answered a command with an error: its class and its words.</summary>
public sealed class QmpException : Exception
{
    public QmpException(string command, string errorClass, string description)
        : base($"{command}: {description} ({errorClass})")
    {
        Command = command;
        ErrorClass = errorClass;
        Description = description;
    }

    public string Command { get; }

    /// <summary>QMP's error class, mostly <c>GenericError</c>.</summary>
    public string ErrorClass { get; }

    public string Description { get; }
}
