namespace Godwit.LocalCluster.ApiServer;

/// <summary>OpenAPI v3 documents, one a group version.</summary>
public interface IOpenApiProvider
{
    /// <summary>Paths (<c>api/v1</c>, <c>apis/kubevirt.io/v1</c>) and the hash that changes with the document.</summary>
    IReadOnlyDictionary<string, string> Index();

    /// <summary>The document as JSON; null for a path that is not in the index.</summary>
    ReadOnlyMemory<byte>? Document(string path);

    /// <summary>The v2 document of everything, as protobuf, with its hash.</summary>
    (ReadOnlyMemory<byte> Document, string Hash) V2();
}
