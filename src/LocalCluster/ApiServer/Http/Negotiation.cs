using Godwit.LocalCluster.ApiServer.Errors;

namespace Godwit.LocalCluster.ApiServer.Http;

/// <summary>What the Accept header asks for, of the forms this server can give.</summary>
internal sealed record Negotiation(bool Yaml, ResponseShape Shape, string ApiVersion)
{
    public static readonly Negotiation Json = new(false, ResponseShape.Object, "");

    /// <summary>The first acceptable clause wins; nothing acceptable is a 406.</summary>
    public static Negotiation Of(string accept)
    {
        if (accept.Length == 0)
        {
            return Json;
        }

        foreach (var clause in accept.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            var parts = clause.Split(';', StringSplitOptions.TrimEntries);
            string? Parameter(string name) =>
                parts.Skip(1).FirstOrDefault(p => p.StartsWith(name + "=", StringComparison.Ordinal))?[(name.Length + 1)..];
            bool? yaml = parts[0] switch
            {
                "application/json" or "*/*" or "application/*" => false,
                "application/yaml" => true,
                _ => null,
            };
            if (yaml is null)
            {
                continue;
            }

            ResponseShape? shape = Parameter("as") switch
            {
                null => ResponseShape.Object,
                "Table" => ResponseShape.Table,
                "PartialObjectMetadata" => ResponseShape.Metadata,
                "PartialObjectMetadataList" => ResponseShape.Metadata,
                _ => null,
            };
            if (shape is null || (shape != ResponseShape.Object && Parameter("g") is not (null or "meta.k8s.io")))
            {
                continue;
            }

            return new Negotiation(yaml.Value, shape.Value, "meta.k8s.io/" + (Parameter("v") ?? "v1"));
        }

        throw new StatusException(406, "NotAcceptable", "406: Not Acceptable\n\nAvailable representations: application/json, application/yaml", []);
    }
}
