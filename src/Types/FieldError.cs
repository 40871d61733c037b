namespace Godwit.Types;

/// <summary>One thing that is wrong with an object: where it is, what is wrong, and what the user can do.</summary>
/// <param name="Path">The field, as in <c>spec.domain.devices.disks[0].name</c>.</param>
/// <param name="Message">What is wrong.</param>
/// <param name="Remedy">What to do about it; empty when the message says it already.</param>
/// <param name="Reason">The kind of error in Kubernetes' words.</param>
public sealed record FieldError(string Path, string Message, string Remedy = "", string Reason = FieldError.Invalid)
{
    public const string Invalid = "FieldValueInvalid";
    public const string Required = "FieldValueRequired";
    public const string Duplicate = "FieldValueDuplicate";
    public const string NotSupported = "FieldValueNotSupported";
    public const string Forbidden = "FieldValueForbidden";

    /// <summary>The sentence for the user: message, field and remedy.</summary>
    public override string ToString() =>
        Path.Length == 0 || Message.Contains(Path, StringComparison.Ordinal) ? Advice : $"{Path}: {Advice}";

    /// <summary>Message and remedy, for where the field is shown beside it.</summary>
    public string Advice => Remedy.Length == 0 ? Message : $"{Message.TrimEnd('.')}. {Remedy}";
}
