using System.Text.Json.Nodes;
using Godwit.LocalCluster.ApiServer.Errors;
using Godwit.LocalCluster.ApiServer.Resources;
using Godwit.Machinery;

namespace Godwit.LocalCluster.ApiServer.BuiltIn.Strategies;

/// <summary>Leases: a replacement must name its revision, else two holders could overwrite each other.</summary>
internal sealed class LeaseStrategy : ResourceStrategy
{
    public override bool AllowsUnconditionalUpdate => false;

    public override IEnumerable<FieldError> Validate(WriteContext context, JsonObject obj)
    {
        if (obj.Integer("spec", "leaseDurationSeconds") is { } seconds and <= 0)
        {
            yield return FieldError.Invalid("spec.leaseDurationSeconds", seconds.ToString(), "must be greater than 0");
        }
    }
}
