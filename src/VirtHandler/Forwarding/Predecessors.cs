using Godwit.Machinery;
using Godwit.VirtHandler.Migration;

namespace Godwit.VirtHandler.Forwarding;

/// <summary>The pods that forward to the one which a guest is about to leave, and have to open ways of their own to where it goes.</summary>
public static class Predecessors
{
    /// <summary>
    /// The addresses of those that are waited for. A pod that forwards no more leaves its tunnel for some seconds, and opens no way however
    /// long it is waited for.
    /// </summary>
    /// <param name="incoming">The tunnels that are there.</param>
    /// <param name="find">Asks the API server for a pod by its name; null for one that has ended.</param>
    public static async Task<IReadOnlyList<string>> StillThereAsync(IReadOnlyList<Tunnel> incoming, Func<string, Task<PodEnd?>> find)
    {
        var there = new List<string>();
        foreach (var tunnel in incoming)
        {
            try
            {
                if (await find(tunnel.SourcePod) is null)
                {
                    continue;
                }
            }
            catch (ApiException)
            {
                // It may be there.
            }

            there.Add(tunnel.SourceIp);
        }

        return there;
    }
}
