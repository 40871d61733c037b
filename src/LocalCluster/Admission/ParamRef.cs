using System.Text.Json.Nodes;
using Godwit.Machinery;

namespace Godwit.LocalCluster.Admission;

/// <summary>Which objects a binding hands to its policy: one by name, or those with certain labels.</summary>
/// <param name="Namespace">Where they are; empty for the namespace of the request.</param>
/// <param name="Name">Empty when <paramref name="Selector"/> chooses.</param>
/// <param name="Selector">By labels.</param>
/// <param name="DeniesWithout">That there is none is refused; otherwise the policy says nothing then.</param>
internal sealed record ParamRef(string Namespace, string Name, LabelSelector? Selector, bool DeniesWithout)
{
    public static ParamRef Read(JsonObject reference) => new(
        reference.Text("namespace") ?? "",
        reference.Text("name") ?? "",
        reference["selector"] is { } selector ? LabelSelector.FromJson(selector) : null,
        reference.Text("parameterNotFoundAction") != "Allow");
}
