using Godwit.LocalCluster.ApiServer.Http;
using Microsoft.AspNetCore.Http;

namespace Godwit.LocalCluster.ApiServer.Subresources;

/// <summary>namespaces/finalize: the only way to change spec.finalizers; the namespace goes when the last one is removed.</summary>
internal sealed class NamespaceFinalizeHandler(ResourceOperations operations, TimeProvider time)
{
    public async Task HandleAsync(ApiRequest call)
    {
        var options = call.WriteOptions("UpdateOptions");
        var body = await RequestBody.ReadObjectAsync(call.Http, "Namespace", []);
        var result = await operations.UpdateAsync(call.Target, body, options, call.Aborted);
        await ResponseWriter.ObjectAsync(call, StatusCodes.Status200OK, result, time);
    }
}
