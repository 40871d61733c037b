namespace Godwit.Machinery;

/// <summary>A label or field selector that cannot be understood.</summary>
public sealed class SelectorException(string message) : FormatException(message);
