using System.Text.Json.Nodes;
using Godwit.LocalCluster.Expressions;
using Godwit.Machinery;

namespace Godwit.LocalCluster.Admission;

/// <summary>A ValidatingAdmissionPolicy, read once.</summary>
internal sealed record AdmissionPolicy
{
    /// <summary>The resource of the objects in the store.</summary>
    public const string Resource = "validatingadmissionpolicies.admissionregistration.k8s.io";

    private static readonly string[] Given = ["object", "oldObject", "request"];

    public required string Name { get; init; }

    /// <summary>An expression without a value is passed over.</summary>
    public required bool IgnoresFailure { get; init; }

    public required MatchedRequests Requests { get; init; }

    /// <summary>The kind of the objects that bindings may hand it; null when it takes none.</summary>
    public (string ApiVersion, string Kind)? ParamKind { get; init; }

    public required MatchConditions Conditions { get; init; }

    /// <summary>Named expressions that later ones may use, in order; names are <c>variables.x</c>.</summary>
    public required IReadOnlyList<(string Name, Expression Expression)> Variables { get; init; }

    public required IReadOnlyList<PolicyValidation> Validations { get; init; }

    /// <summary>What its match conditions may speak of.</summary>
    public static IReadOnlyList<string> ForConditions(JsonObject spec) => spec["paramKind"] is null ? Given : [.. Given, "params"];

    /// <summary>What its first variable may speak of; validations know all variables besides.</summary>
    public static IReadOnlyList<string> ForVariables(JsonObject spec) => [.. ForConditions(spec), "namespaceObject"];

    /// <summary>Reads a policy that was stored, and so was found to be understood.</summary>
    public static AdmissionPolicy Read(JsonObject policy)
    {
        var spec = policy["spec"] as JsonObject ?? [];
        var names = ForVariables(spec).ToList();
        var variables = new List<(string, Expression)>();
        foreach (var variable in (spec["variables"] as JsonArray ?? []).OfType<JsonObject>())
        {
            var name = $"variables.{variable.Text("name")}";
            variables.Add((name, Expression.Parse(variable.Text("expression") ?? "", names)));
            names.Add(name);
        }

        return new AdmissionPolicy
        {
            Name = policy.Text("metadata", "name") ?? "",
            IgnoresFailure = spec.Text("failurePolicy") == "Ignore",
            Requests = MatchedRequests.OfPolicy(spec["matchConstraints"] as JsonObject ?? []),
            ParamKind = spec["paramKind"] is { } kind ? (kind.Text("apiVersion") ?? "", kind.Text("kind") ?? "") : null,
            Conditions = MatchConditions.Read(spec["matchConditions"], ForConditions(spec)),
            Variables = variables,
            Validations = [.. (spec["validations"] as JsonArray ?? []).OfType<JsonObject>().Select(v => PolicyValidation.Read(v, names))],
        };
    }
}
