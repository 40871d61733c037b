using System.Globalization;
using System.Text.Json.Nodes;
using Godwit.LocalCluster.ApiServer.Errors;
using Godwit.LocalCluster.ApiServer.Resources;
using Godwit.Machinery;

namespace Godwit.LocalCluster.ApiServer.BuiltIn.Strategies;

/// <summary>Services: defaults, a cluster IP that is kept for life, and ports on the nodes for the types that have them.</summary>
internal sealed class ServiceStrategy(ServiceAddresses addresses, NodePorts nodePorts) : ResourceStrategy
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

        AssignNodePorts(context, obj, null);
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

        if (!context.DryRun)
        {
            AssignNodePorts(context, obj, old);
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

            if (type is "ClusterIP" or "ExternalName" && port["nodePort"] is not null)
            {
                yield return FieldError.Forbidden($"spec.ports[{i}].nodePort", $"may not be used when `type` is '{type}'");
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
        if (old is null || context.DryRun)
        {
            return;
        }

        nodePorts.Release(NodePorts.Of(old).Except(obj is null ? [] : NodePorts.Of(obj)));
        if (obj is null)
        {
            addresses.Release(ResourceOperations.Text(old, "spec", "clusterIP"));
        }
    }

    public override void Abandoned(WriteContext context, JsonObject obj, JsonObject? old)
    {
        if (context.DryRun)
        {
            return;
        }

        if (HasNodePorts(obj))
        {
            nodePorts.Release(NodePorts.Of(obj).Except(old is null ? [] : NodePorts.Of(old)));
        }

        if (old is null)
        {
            addresses.Release(ResourceOperations.Text(obj, "spec", "clusterIP"));
        }
    }

    private static bool HasNodePorts(JsonObject service) => ResourceOperations.Text(service, "spec", "type") is "NodePort" or "LoadBalancer";

    private void AssignNodePorts(WriteContext context, JsonObject obj, JsonObject? old)
    {
        var ports = (obj["spec"]!["ports"] as JsonArray)?.OfType<JsonObject>().ToList() ?? [];
        var had = old is null ? [] : (old["spec"]?["ports"] as JsonArray)?.OfType<JsonObject>().ToList() ?? [];
        var own = had.Select(static p => p.Integer("nodePort") ?? 0).ToHashSet();
        if (!HasNodePorts(obj))
        {
            // Those that the service had as another type go; what somebody asks for without the type is refused.
            foreach (var port in ports.Where(p => own.Contains(p.Integer("nodePort") ?? 0)))
            {
                port.Remove("nodePort");
            }

            return;
        }

        var taken = new List<int>();
        foreach (var (port, i) in ports.Select(static (p, i) => (p, i)))
        {
            var before = had.Find(h => h.Integer("port") == port.Integer("port") && ResourceOperations.Text(h, "protocol") == ResourceOperations.Text(port, "protocol"));
            var wanted = (int?)(port.Integer("nodePort") ?? before.Integer("nodePort"));
            // One number may serve two protocols of the same service.
            if (wanted is null || own.Add(wanted.Value))
            {
                var problem = wanted is { } number ? nodePorts.Take(number) : null;
                wanted ??= nodePorts.Take();
                if (wanted is null || problem is not null)
                {
                    nodePorts.Release(taken);
                    if (old is null)
                    {
                        addresses.Release(ResourceOperations.Text(obj, "spec", "clusterIP"));
                    }

                    throw ApiErrors.Invalid("", "Service", context.Name, [FieldError.Invalid(
                        $"spec.ports[{i}].nodePort", (wanted ?? 0).ToString(CultureInfo.InvariantCulture), problem ?? "failed to allocate a nodePort: range is full")]);
                }

                taken.Add(wanted.Value);
                own.Add(wanted.Value);
            }

            port["nodePort"] = wanted.Value;
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
