using Godwit.Machinery;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Godwit.VirtHandler.Subresources;

/// <summary>The routes, beside that of the console, on which virt-api reaches this node's guests.</summary>
public sealed class GuestEndpoints(GuestCommands commands)
{
    private const string Root = "/v1/namespaces/{namespace}/virtualmachineinstances/{name}";

    public void Map(IEndpointRouteBuilder routes)
    {
        MapCommand(routes, "pause", GuestCommand.Pause);
        MapCommand(routes, "unpause", GuestCommand.Unpause);
        MapCommand(routes, "reset", GuestCommand.Reset);
    }

    private void MapCommand(IEndpointRouteBuilder routes, string subresource, GuestCommand command) => routes.MapPut(
        $"{Root}/{subresource}",
        (HttpContext context, string @namespace, string name) => AnswerAsync(
            context, () => commands.RunAsync(command, new(@namespace, name), context.RequestAborted)));

    private static async Task AnswerAsync(HttpContext context, Func<Task<GuestAnswer>> work)
    {
        GuestAnswer answer;
        try
        {
            answer = await work();
        }
        catch (ApiException e)
        {
            answer = GuestAnswer.Failed($"the agent cannot read the VMI: {e.Message}");
        }

        context.Response.StatusCode = answer.Code;
        context.Response.ContentType = "text/plain; charset=utf-8";
        await context.Response.WriteAsync(answer.Message, context.RequestAborted);
    }
}
