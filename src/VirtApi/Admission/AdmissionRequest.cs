using System.Text.Json.Nodes;
using Godwit.Machinery;
using Godwit.Types;

namespace Godwit.VirtApi.Admission;

/// <summary>What the API server asks of a webhook: may this user do this to this object?</summary>
public sealed record AdmissionRequest
{
    public required string Uid { get; init; }

    /// <summary><c>CREATE</c>, <c>UPDATE</c>, <c>DELETE</c> or <c>CONNECT</c>.</summary>
    public required string Operation { get; init; }

    /// <summary>Namespace and name; the name is empty where it is still to be generated.</summary>
    public required NamespacedName Key { get; init; }

    public required string Username { get; init; }

    public JsonObject? Object { get; init; }

    public JsonObject? OldObject { get; init; }

    public bool DryRun { get; init; }

    public bool IsCreate => Operation == "CREATE";

    public bool IsUpdate => Operation == "UPDATE";

    /// <summary>One of our own components asks.</summary>
    public bool ByComponent => Installation.IsComponent(Username);

    /// <summary>Namespace and name of an object that has to have a namespace.</summary>
    /// <exception cref="FormatException">The request names none.</exception>
    public NamespacedName NamespacedKey => Key.Namespace.Length > 0 ? Key : throw new FormatException($"the request about \"{Key.Name}\" names no namespace");

    /// <summary>Reads a review of version v1.</summary>
    public static AdmissionRequest Read(JsonNode? review)
    {
        if (review.Text("kind") != "AdmissionReview" || review.At("request") is not JsonObject request)
        {
            throw new FormatException("The body is no AdmissionReview with a request.");
        }

        var @object = request["object"] as JsonObject;
        return new AdmissionRequest
        {
            Uid = request.Text("uid") ?? throw new FormatException("The request has no uid."),
            Operation = request.Text("operation") ?? "",
            Key = new(request.Text("namespace") ?? "", request.Text("name") ?? @object.Name()),
            Username = request.Text("userInfo", "username") ?? "",
            Object = @object,
            OldObject = request["oldObject"] as JsonObject,
            DryRun = request.Flag("dryRun") == true,
        };
    }
}
