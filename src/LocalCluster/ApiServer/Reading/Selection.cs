using System.Text;
using System.Text.Json;
using Godwit.LocalCluster.ApiServer.Errors;
using Godwit.LocalCluster.ApiServer.Http;
using Godwit.LocalCluster.ApiServer.Writing;
using Godwit.LocalCluster.Store;
using Godwit.Machinery;

namespace Godwit.LocalCluster.ApiServer.Reading;

/// <summary>The objects that a list or a watch is about: namespace, name, label and field selectors.</summary>
internal sealed class Selection
{
    private readonly ResourceTarget _target;
    private readonly LabelSelector _labels;
    private readonly FieldSelector _fields;
    private readonly string _namespace;
    private readonly string _name;

    private Selection(ResourceTarget target, string name, LabelSelector labels, FieldSelector fields)
    {
        _target = target;
        _labels = labels;
        _fields = fields;
        _namespace = target.Namespace;
        _name = name;
    }

    /// <summary>Nothing but the namespace narrows it.</summary>
    public bool IsEverything => _labels.Requirements.Count == 0 && _fields.Requirements.Count == 0 && _name.Length == 0;

    public static Selection Of(ApiRequest call)
    {
        try
        {
            var fields = FieldSelector.Parse(call.Query("fieldSelector"));
            CheckFields(call.Target, fields);
            var labels = LabelSelector.Parse(call.Query("labelSelector"));
            CheckLabels(labels);
            return new Selection(call.Target, call.Info.Name, labels, fields);
        }
        catch (SelectorException e)
        {
            throw ApiErrors.BadRequest(e.Message);
        }
    }

    public bool Matches(StoredObject obj) =>
        (_namespace.Length == 0 || obj.Key.Namespace == _namespace)
        && (_name.Length == 0 || obj.Key.Name == _name)
        && (_labels.Requirements.Count == 0 || _labels.Matches(obj.Labels))
        && (_fields.Requirements.Count == 0 || _fields.Matches(field => Field(obj, field)));

    private string? Field(StoredObject obj, string field) => field switch
    {
        "metadata.name" => obj.Key.Name,
        "metadata.namespace" => obj.Key.Namespace,
        _ => ReadField(ObjectReader.Bytes(obj, _target.Resource, _target.Version).Span, field),
    };

    private static void CheckLabels(LabelSelector labels)
    {
        foreach (var requirement in labels.Requirements)
        {
            if (MetadataRules.KeyProblems(requirement.Key).ToList() is { Count: > 0 } ofKey)
            {
                throw new SelectorException($"unable to parse requirement: <nil>: Invalid value: \"{requirement.Key}\": {string.Join("; ", ofKey)}");
            }

            foreach (var (value, i) in requirement.Values.Select(static (v, i) => (v, i)))
            {
                if (MetadataRules.ValueProblems(value).ToList() is { Count: > 0 } ofValue)
                {
                    throw new SelectorException($"unable to parse requirement: values[{i}][{requirement.Key}]: Invalid value: \"{value}\": {string.Join("; ", ofValue)}");
                }
            }
        }
    }

    private static void CheckFields(ResourceTarget target, FieldSelector fields)
    {
        var known = target.Version.SelectableFields;
        foreach (var requirement in fields.Requirements)
        {
            if (requirement.Field == "metadata.name" || (requirement.Field == "metadata.namespace" && target.Resource.Namespaced) || known.Contains(requirement.Field))
            {
                continue;
            }

            if (target.Resource.Custom || known.Count > 0)
            {
                throw ApiErrors.BadRequest("field label not supported: " + requirement.Field);
            }

            throw ApiErrors.BadRequest($"\"{requirement.Field}\" is not a known field selector: only \"metadata.name\", \"metadata.namespace\"");
        }
    }

    // Reads one scalar without building a tree: kubelets watch their pods by spec.nodeName.
    private static string? ReadField(ReadOnlySpan<byte> json, string field)
    {
        var reader = new Utf8JsonReader(json);
        reader.Read();
        foreach (var name in field.Split('.'))
        {
            if (reader.TokenType != JsonTokenType.StartObject || !MoveTo(ref reader, Encoding.UTF8.GetBytes(name)))
            {
                return null;
            }
        }

        return reader.TokenType switch
        {
            JsonTokenType.String => reader.GetString(),
            JsonTokenType.Number => Encoding.UTF8.GetString(reader.ValueSpan),
            JsonTokenType.True => "true",
            JsonTokenType.False => "false",
            _ => null,
        };
    }

    private static bool MoveTo(ref Utf8JsonReader reader, ReadOnlySpan<byte> name)
    {
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var found = reader.ValueTextEquals(name);
            reader.Read();
            if (found)
            {
                return true;
            }

            reader.Skip();
        }

        return false;
    }
}
