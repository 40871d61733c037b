namespace Godwit.LocalCluster.ApiServer.Errors;

/// <summary>One cause of an Invalid answer: a field, a machine-readable reason, and the sentence that kubectl prints after the field.</summary>
/// <param name="Field">Path such as <c>spec.ports[0].name</c>; <c>&lt;nil&gt;</c> for the whole object.</param>
/// <param name="Reason">One of the reasons of Kubernetes' field errors, <c>FieldValueInvalid</c> for instance.</param>
/// <param name="Message">Text after the field, <c>Invalid value: "x": must be y</c> for instance.</param>
public sealed record FieldError(string Field, string Reason, string Message)
{
    public static FieldError Required(string field, string detail = "") =>
        new(field, "FieldValueRequired", detail.Length == 0 ? "Required value" : "Required value: " + detail);

    public static FieldError Invalid(string field, string value, string detail) =>
        new(field, "FieldValueInvalid", $"Invalid value: {value}: {detail}");

    /// <summary>A wrong JSON type; the value is shown by its type as Kubernetes does for custom resources.</summary>
    public static FieldError TypeInvalid(string field, string value, string detail) =>
        new(field, "FieldValueTypeInvalid", $"Invalid value: {value}: {detail}");

    public static FieldError NotSupported(string field, string value, IEnumerable<string> supported) =>
        new(field, "FieldValueNotSupported", $"Unsupported value: {value}: supported values: {string.Join(", ", supported.Select(s => '"' + s + '"'))}");

    public static FieldError Duplicate(string field, string value) =>
        new(field, "FieldValueDuplicate", $"Duplicate value: {value}");

    public static FieldError Forbidden(string field, string detail) =>
        new(field, "FieldValueForbidden", "Forbidden: " + detail);

    public static FieldError TooLong(string field, int max) =>
        new(field, "FieldValueTooLong", $"Too long: may not be more than {max} bytes");

    public static FieldError TooMany(string field, int actual, int max) =>
        new(field, "FieldValueTooMany", $"Too many: {actual}: must have at most {max} items");

    public static FieldError NotFound(string field, string value) =>
        new(field, "FieldValueNotFound", $"Not found: {value}");

    public override string ToString() => Field + ": " + Message;
}
