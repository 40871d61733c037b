namespace Godwit.LocalCluster.Kubelet;

/// <summary>A mount of a container, in the words of the OCI runtime specification.</summary>
public sealed record OciMount(string Destination, string Type, string Source, params IReadOnlyList<string> Options)
{
    public static OciMount Bind(string source, string destination, bool readOnly, string propagation = "rprivate") =>
        new(destination, "bind", source, "rbind", propagation, readOnly ? "ro" : "rw");
}
