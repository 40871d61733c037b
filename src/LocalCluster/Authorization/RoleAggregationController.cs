using System.Text.Json.Nodes;
using Godwit.LocalCluster.ApiServer;
using Godwit.LocalCluster.ApiServer.Errors;
using Godwit.Machinery;

namespace Godwit.LocalCluster.Authorization;

/// <summary>Keeps the rules of aggregated cluster roles at what the roles that they gather have.</summary>
public sealed class RoleAggregationController : IClusterService
{
    private const string Manager = "clusterrole-aggregation-controller";

    private static readonly string[] Inputs = [Authorizer.ClusterRoles];

    /// <summary>No hook has a say: the rules were judged when somebody wrote them into the roles that they come from.</summary>
    private static RequestOptions Options => RequestOptions.System with { FieldManager = Manager, Admitted = true };

    public string Name => "role-aggregation";

    public async Task RunAsync(ClusterContext context, CancellationToken cancellationToken)
    {
        var operations = context.ApiServer.Operations;
        while (true)
        {
            // A role that gathers may itself be gathered: what is written here brings the next look.
            var state = operations.Store.Snapshot;
            var roles = state.List(Authorizer.ClusterRoles).Select(static r => r.ToJsonObject()).ToList();
            foreach (var role in roles)
            {
                if (RoleAggregation.Rules(role, roles) is { } rules && !Same(rules, role["rules"]))
                {
                    await WriteAsync(operations, role, rules, cancellationToken);
                }
            }

            await operations.Store.WaitForChangeAsync(Inputs, state.Revision, cancellationToken);
        }
    }

    private static bool Same(JsonArray wanted, JsonNode? present) => present is null ? wanted.Count == 0 : JsonNode.DeepEquals(wanted, present);

    private static async Task WriteAsync(ResourceOperations operations, JsonObject role, JsonArray rules, CancellationToken cancellationToken)
    {
        var applied = new JsonObject
        {
            ["apiVersion"] = role["apiVersion"]!.DeepClone(),
            ["kind"] = role["kind"]!.DeepClone(),
            ["metadata"] = new JsonObject { ["name"] = role.Name(), ["uid"] = role.Uid() },
            ["rules"] = rules,
        };
        try
        {
            await operations.ApplyAsync(
                operations.Target(Authorizer.ClusterRoles, "", role.Name()), applied, force: true, Options, cancellationToken);
        }
        catch (StatusException e) when (e.Code is 404 or 409 or 422)
        {
            // Deleted or changed meanwhile: that change brings the next look. Or it cannot be written at all, until somebody changes it.
        }
    }
}
