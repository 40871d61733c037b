using System.Text.Json.Nodes;
using Godwit.LocalCluster.ApiServer.Errors;
using Godwit.LocalCluster.ApiServer.Resources;

namespace Godwit.LocalCluster.ApiServer.BuiltIn.Strategies;

/// <summary>Events say what they are about, in their own namespace.</summary>
internal sealed class EventStrategy : ResourceStrategy
{
    public override IEnumerable<FieldError> Validate(WriteContext context, JsonObject obj)
    {
        var about = ResourceOperations.Text(obj, "involvedObject", "namespace");
        if (about.Length > 0 && about != context.Namespace)
        {
            yield return FieldError.Invalid("involvedObject.namespace", '"' + about + '"', "does not match event.namespace");
        }

        if (about.Length == 0 && context.Namespace is not ("default" or "kube-system"))
        {
            yield return FieldError.Invalid("involvedObject.namespace", "\"\"", "does not match event.namespace");
        }
    }
}
