namespace Godwit.LocalCluster.Kubelet;

/// <summary>Turns an image's user (<c>name</c>, <c>uid</c>, <c>uid:gid</c>) into numbers by the image's own files.</summary>
public static class ImageUser
{
    public static (long User, long Group) Resolve(string user, string root)
    {
        if (user.Length == 0)
        {
            return (0, 0);
        }
        var parts = user.Split(':', 2);
        var entry = Entries(root, "passwd").FirstOrDefault(e => e[0] == parts[0] || (e.Length > 3 && e[2] == parts[0]));
        var uid = long.TryParse(parts[0], out var number) ? number
            : entry is { Length: > 3 } ? long.Parse(entry[2])
            : throw new PodConfigException("CreateContainerConfigError", $"the image's user {parts[0]} is not in its /etc/passwd");
        if (parts.Length == 1)
        {
            return (uid, entry is { Length: > 3 } && long.TryParse(entry[3], out var primary) ? primary : 0);
        }
        var group = Entries(root, "group").FirstOrDefault(e => e[0] == parts[1]);
        return long.TryParse(parts[1], out var gid) ? (uid, gid)
            : group is { Length: > 2 } ? (uid, long.Parse(group[2]))
            : throw new PodConfigException("CreateContainerConfigError", $"the image's group {parts[1]} is not in its /etc/group");
    }

    private static IEnumerable<string[]> Entries(string root, string file)
    {
        var path = Path.Combine(root, "etc", file);
        return File.Exists(path) ? File.ReadLines(path).Select(l => l.Split(':')) : [];
    }
}
