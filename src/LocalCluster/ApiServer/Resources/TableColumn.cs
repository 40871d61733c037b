using System.Text.Json.Nodes;

namespace Godwit.LocalCluster.ApiServer.Resources;

/// <summary>One column of <c>kubectl get</c> and how its cell is made.</summary>
public sealed record TableColumn(
    string Name,
    string Type,
    string Description,
    Func<JsonObject, TimeProvider, JsonNode?> Cell)
{
    public string Format { get; init; } = "";

    /// <summary>0 is always shown, 1 with <c>-o wide</c>.</summary>
    public int Priority { get; init; }

    /// <summary>Time since creation.</summary>
    public static readonly TableColumn Age = new(
        "Age",
        "string",
        "Time since the object was created.",
        static (obj, time) => HumanDuration.Since(obj["metadata"]?["creationTimestamp"]?.GetValue<string>(), time));

    /// <summary>A column of a CustomResourceDefinition's additionalPrinterColumns.</summary>
    public static TableColumn FromJsonPath(string name, string type, string format, string description, int priority, string jsonPath)
    {
        var path = JsonPath.Parse(jsonPath);
        return new TableColumn(name, type, description, (obj, time) => JsonPathCell.Render(path, type, obj, time))
        {
            Format = format,
            Priority = priority,
        };
    }
}
