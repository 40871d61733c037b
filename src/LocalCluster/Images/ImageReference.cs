namespace Godwit.LocalCluster.Images;

/// <summary>Names of images in their full form.</summary>
public static class ImageReference
{
    /// <summary><c>debian</c> → <c>docker.io/library/debian:latest</c>; a digest stays.</summary>
    public static string Normalize(string reference)
    {
        if (string.IsNullOrWhiteSpace(reference) || reference.Any(char.IsWhiteSpace))
        {
            throw new ImageException($"\"{reference}\" is no name of an image");
        }
        var slash = reference.IndexOf('/');
        var first = slash < 0 ? "" : reference[..slash];
        var hasHost = first.Contains('.') || first.Contains(':') || first == "localhost";
        var name = hasHost ? reference : slash < 0 ? $"docker.io/library/{reference}" : $"docker.io/{reference}";
        var last = name[(name.LastIndexOf('/') + 1)..];
        return last.Contains(':') || last.Contains('@') ? name : $"{name}:latest";
    }

    /// <summary>True when Kubernetes would always ask the registry: no tag, or <c>latest</c>.</summary>
    public static bool IsLatest(string reference) => Normalize(reference).EndsWith(":latest", StringComparison.Ordinal);
}
