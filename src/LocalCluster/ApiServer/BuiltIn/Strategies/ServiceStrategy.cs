using System.Globalization;
using System.Text.Json.Nodes;
using Godwit.LocalCluster.ApiServer.Errors;
using Godwit.LocalCluster.ApiServer.Resources;
using Godwit.Machinery;

namespace Godwit.LocalCluster.ApiServer.BuiltIn.Strategies;

/// <summary>Services: defaults, and a cluster IP that is kept for life.</summary>
internal sealed class ServiceStrategy(ServiceAddresses addresses) : ResourceStrategy
{
    private const string NoAddressError = "godwit.dev/no-address";

    public override bool ReturnsDeletedObject => true;

    public override int MaxNameLength => 63;

    public override void PrepareForCreate(WriteContext context, JsonObject obj)
    {
        var spec = Complete(obj);
        obj["status"] = new JsonObject { ["loadBalancer"] = new JsonObject() };
        if (context.DryRun || ResourceOperations.Text(spec, "type") == "ExternalName")
        {
            return;
        }

        var wanted = ResourceOperations.Text(spec, "clusterIP");
        if (wanted.Length == 0)
        {
            Assign(spec, addresses.Take() ?? NoAddressError);
        }
        else if (wanted != "None" && addresses.Take(wanted) is { } problem)
        {
            throw ApiErrors.Invalid("", "Service", context.Name, [FieldError.Invalid("spec.clusterIPs", $"[\"{wanted}\"]", problem)]);
        }
        else
        {
            Assign(spec, wanted);
        }
    }

    public override void PrepareForUpdate(WriteContext context, JsonObject obj, JsonObject old)
    {
        if (context.Subresource is not null)
        {
            return;
        }

        var spec = Complete(obj);
        var before = ResourceOperations.Text(old, "spec", "clusterIP");
        if (ResourceOperations.Text(spec, "clusterIP").Length == 0 && before.Length > 0 && ResourceOperations.Text(spec, "type") != "ExternalName")
        {
            Assign(spec, before);
        }
    }

    public override IEnumerable<FieldError> Validate(WriteContext context, JsonObject obj)
    {
        var spec = (JsonObject)obj["spec"]!;
        var type = ResourceOperations.Text(spec, "type");
        if (ResourceOperations.Text(spec, "clusterIP") == NoAddressError)
        {
            yield return FieldError.Invalid("spec.clusterIP", "\"\"", "failed to allocate an IP: range is full");
        }

        if (type is not ("ClusterIP" or "NodePort" or "LoadBalancer" or "ExternalName"))
        {
            yield return FieldError.NotSupported("spec.type", '"' + type + '"', ["ClusterIP", "ExternalName", "LoadBalancer", "NodePort"]);
        }

        var ports = (spec["ports"] as JsonArray)?.OfType<JsonObject>().ToList() ?? [];
        if (ports.Count == 0 && type != "ExternalName" && ResourceOperations.Text(spec, "clusterIP") != "None")
        {
            yield return FieldError.Required("spec.ports");
        }

        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (port, i) in ports.Select((p, i) => (p, i)))
        {
            var name = ResourceOperations.Text(port, "name");
            if (name.Length == 0 && ports.Count > 1)
            {
                yield return FieldError.Required($"spec.ports[{i}].name");
            }
            else if (name.Length > 0 && !names.Add(name))
            {
                yield return FieldError.Duplicate($"spec.ports[{i}].name", '"' + name + '"');
            }

            var number = port.Integer("port") ?? 0;
            if (number is < 1 or > 65535)
            {
                yield return FieldError.Invalid($"spec.ports[{i}].port", number.ToString(CultureInfo.InvariantCulture), "must be between 1 and 65535, inclusive");
            }
        }

        if (type == "ExternalName" && ResourceOperations.Text(spec, "externalName").Length == 0)
        {
            yield return FieldError.Required("spec.externalName");
        }
    }

    public override IEnumerable<FieldError> ValidateUpdate(WriteContext context, JsonObject obj, JsonObject old)
    {
        var before = ResourceOperations.Text(old, "spec", "clusterIP");
        var now = ResourceOperations.Text(obj, "spec", "clusterIP");
        if (before.Length > 0 && now != before && ResourceOperations.Text(obj, "spec", "type") != "ExternalName")
        {
            yield return FieldError.Invalid("spec.clusterIP", '"' + now + '"', "field is immutable");
        }
    }

    public override void Committed(WriteContext context, JsonObject? obj, JsonObject? old)
    {
        if (obj is null && old is not null && !context.DryRun)
        {
            addresses.Release(ResourceOperations.Text(old, "spec", "clusterIP"));
        }
    }

    private static JsonObject Complete(JsonObject obj)
    {
        if (obj["spec"] is not JsonObject spec)
        {
            obj["spec"] = spec = [];
        }

        if (ResourceOperations.Text(spec, "type") != "ExternalName")
        {
            spec["ipFamilies"] ??= new JsonArray("IPv4");
            spec["ipFamilyPolicy"] ??= "SingleStack";
        }

        return spec;
    }

    private static void Assign(JsonObject spec, string address)
    {
        spec["clusterIP"] = address;
        spec["clusterIPs"] = new JsonArray(address);
    }
}
