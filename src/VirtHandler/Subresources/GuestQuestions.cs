using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using Godwit.Machinery;
using Godwit.Qemu;
using Godwit.VirtHandler.Agents;

namespace Godwit.VirtHandler.Subresources;

/// <summary>Puts a user's questions to the agent inside a guest.</summary>
internal sealed class GuestQuestions(ApiClient api, VirtHandlerOptions options, TimeProvider time)
{
    public Task<GuestAnswer> InfoAsync(NamespacedName key, CancellationToken cancellationToken) => AskAsync(
        key,
        async agent => AgentDocuments.Info(
            await agent.InfoAsync(cancellationToken),
            await TryAsync(agent.OsInfoAsync(cancellationToken)),
            await TryAsync(agent.HostNameAsync(cancellationToken)),
            await TryAsync(agent.TimezoneAsync(cancellationToken)),
            await TryAsync(agent.UsersAsync(cancellationToken)) ?? [],
            await TryAsync(agent.FilesystemsAsync(cancellationToken)) ?? []),
        cancellationToken);

    public Task<GuestAnswer> UsersAsync(NamespacedName key, CancellationToken cancellationToken) =>
        AskAsync(key, async agent => AgentDocuments.Users(await agent.UsersAsync(cancellationToken)), cancellationToken);

    public Task<GuestAnswer> FilesystemsAsync(NamespacedName key, CancellationToken cancellationToken) =>
        AskAsync(key, async agent => AgentDocuments.Filesystems(await agent.FilesystemsAsync(cancellationToken)), cancellationToken);

    /// <summary>The guest boots anew by itself: its agent is told to.</summary>
    public Task<GuestAnswer> RebootAsync(NamespacedName key, CancellationToken cancellationToken) => AskAsync(
        key,
        async agent =>
        {
            await agent.RebootAsync(cancellationToken);
            return new JsonObject();
        },
        cancellationToken);

    private async Task<GuestAnswer> AskAsync(NamespacedName key, Func<GuestAgentClient, Task<JsonObject>> question, CancellationToken cancellationToken)
    {
        if (await GuestPlaces.FindAsync(api, options, key, cancellationToken) is not { } place)
        {
            return GuestPlaces.NotHere(options);
        }

        try
        {
            await using var agent = await GuestAgentClient.ConnectAsync(
                place.Folder, DomainFolder.AgentSocket, new GuestAgentOptions { Time = time }, cancellationToken);
            return GuestAnswer.With(Encoding.UTF8.GetBytes((await question(agent)).ToJsonString()), "application/json");
        }
        catch (Exception e) when (e is SocketException or IOException or GuestAgentUnavailableException or QmpException)
        {
            return GuestAnswer.Failed($"the guest agent of VMI {key.Name} gave no answer: {e.Message}");
        }
    }

    /// <summary>Agents may be configured to refuse single commands: the rest is told all the same.</summary>
    private static async Task<T?> TryAsync<T>(Task<T> question)
        where T : class
    {
        try
        {
            return await question;
        }
        catch (QmpException)
        {
            return null;
        }
    }
}
