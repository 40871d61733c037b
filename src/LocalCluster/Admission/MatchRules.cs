using System.Text.Json.Nodes;
using Godwit.LocalCluster.ApiServer.Errors;
using Godwit.LocalCluster.ApiServer.Writing;

namespace Godwit.LocalCluster.Admission;

/// <summary>What is wrong with the part of a policy or a binding that chooses requests, when it is written.</summary>
internal static class MatchRules
{
    public static IEnumerable<FieldError> Check(JsonNode resources, string path) =>
    [
        .. SelectorRules.Check(resources["namespaceSelector"], $"{path}.namespaceSelector"),
        .. SelectorRules.Check(resources["objectSelector"], $"{path}.objectSelector"),
        .. RuleRules.Check(resources["resourceRules"], $"{path}.resourceRules"),
        .. RuleRules.Check(resources["excludeResourceRules"], $"{path}.excludeResourceRules"),
    ];
}
