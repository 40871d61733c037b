using Godwit.Machinery;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Godwit.VirtHandler.Subresources;

/// <summary>The routes, beside that of the console, on which virt-api reaches this node's guests.</summary>
internal sealed class GuestEndpoints(GuestCommands commands, GuestScreens screens, GuestQuestions questions)
{
    private const string Root = "/v1/namespaces/{namespace}/virtualmachineinstances/{name}";

    public void Map(IEndpointRouteBuilder routes)
    {
        MapCommand(routes, "pause", GuestCommand.Pause);
        MapCommand(routes, "unpause", GuestCommand.Unpause);
        MapCommand(routes, "reset", GuestCommand.Reset);
        routes.MapGet(
            $"{Root}/vnc",
            (HttpContext context, string @namespace, string name) => AnswerAsync(context, () => screens.StreamAsync(context, new(@namespace, name))));
        routes.MapGet(
            $"{Root}/vnc/screenshot",
            (HttpContext context, string @namespace, string name) => AnswerAsync(
                context, () => screens.ScreenshotAsync(new(@namespace, name), context.RequestAborted)));
        MapQuestion(routes, "guestosinfo", questions.InfoAsync);
        MapQuestion(routes, "userlist", questions.UsersAsync);
        MapQuestion(routes, "filesystemlist", questions.FilesystemsAsync);
        routes.MapPut(
            $"{Root}/softreboot",
            (HttpContext context, string @namespace, string name) => AnswerAsync(
                context, () => questions.RebootAsync(new(@namespace, name), context.RequestAborted)));
    }

    private void MapCommand(IEndpointRouteBuilder routes, string subresource, GuestCommand command) => routes.MapPut(
        $"{Root}/{subresource}",
        (HttpContext context, string @namespace, string name) => AnswerAsync(
            context, () => commands.RunAsync(command, new(@namespace, name), context.RequestAborted)));

    private static void MapQuestion(
        IEndpointRouteBuilder routes, string subresource, Func<NamespacedName, CancellationToken, Task<GuestAnswer>> ask) => routes.MapGet(
        $"{Root}/{subresource}",
        (HttpContext context, string @namespace, string name) => AnswerAsync(context, () => ask(new(@namespace, name), context.RequestAborted)));

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

        if (context.Response.HasStarted)
        {
            // A stream, which has had its time.
            return;
        }

        context.Response.StatusCode = answer.Code;
        context.Response.ContentType = answer.ContentType;
        await context.Response.Body.WriteAsync(answer.Content, context.RequestAborted);
    }
}
