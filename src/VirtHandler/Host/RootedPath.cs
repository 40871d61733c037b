namespace Godwit.VirtHandler.Host;

/// <summary>
/// Paths inside another root folder, such as <c>/proc/&lt;pid&gt;/root</c>. The kernel follows absolute links from the caller's
/// own root, so a link in an image could lead to the node's files, and <c>/var/run</c> would be the node's: links are
/// followed here instead, within the root.
/// </summary>
public static class RootedPath
{
    private const int MaxLinks = 40;

    /// <summary><paramref name="path"/> as that root has it when all links are followed.</summary>
    public static string Inside(string root, string path) => Resolve(root, path)[root.Length..];

    /// <summary>The host path of <paramref name="path"/> as a process with that root would see it; the last part need not exist.</summary>
    public static string Resolve(string root, string path)
    {
        var done = new List<string>();
        var left = new Stack<string>(Parts(path).Reverse());
        var links = 0;
        while (left.TryPop(out var part))
        {
            if (part == "..")
            {
                if (done.Count > 0)
                {
                    done.RemoveAt(done.Count - 1);
                }

                continue;
            }

            var here = $"{root}/{string.Join('/', done.Append(part))}";
            if (new FileInfo(here).LinkTarget is not { } target)
            {
                done.Add(part);
                continue;
            }

            if (++links > MaxLinks)
            {
                throw new IOException($"too many links in {path}");
            }

            if (target.StartsWith('/'))
            {
                done.Clear();
            }

            foreach (var piece in Parts(target).Reverse())
            {
                left.Push(piece);
            }
        }

        return $"{root}/{string.Join('/', done)}";
    }

    private static IEnumerable<string> Parts(string path) => path.Split('/', StringSplitOptions.RemoveEmptyEntries).Where(part => part != ".");
}
