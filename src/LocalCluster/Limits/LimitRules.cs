using System.Globalization;
using System.Text.Json.Nodes;
using Godwit.Machinery;

namespace Godwit.LocalCluster.Limits;

/// <summary>What one item of a limit range gives and demands: pure. The sentences are those of Kubernetes' LimitRanger.</summary>
internal static class LimitRules
{
    /// <summary>Fills in the requests and limits that containers leave out; tells what, a sentence for each list that grew.</summary>
    public static IEnumerable<string> Fill(JsonObject item, JsonObject pod)
    {
        if (item.Text("type") != "Container")
        {
            yield break;
        }

        foreach (var (list, what) in ((string, string)[])[("containers", "container"), ("initContainers", "init container")])
        {
            foreach (var container in (pod.At("spec", list) as JsonArray ?? []).OfType<JsonObject>())
            {
                foreach (var (from, to, word) in ((string, string, string)[])[("defaultRequest", "requests", "request"), ("default", "limits", "limit")])
                {
                    var missing = item.Strings(from).Where(a => container.At("resources", to, a.Key) is null).OrderBy(a => a.Key, StringComparer.Ordinal).ToList();
                    foreach (var (resource, amount) in missing)
                    {
                        container.Ensure("resources", to)[resource] = amount;
                    }

                    if (missing.Count > 0)
                    {
                        yield return $"{string.Join(", ", missing.Select(a => a.Key))} {word} for {what} {container.Text("name")}";
                    }
                }
            }
        }
    }

    /// <summary>Why a pod is outside of the range: each of its containers, or all together.</summary>
    public static IEnumerable<string> OfPod(JsonObject item, JsonObject pod)
    {
        var containers = (pod.At("spec", "containers") as JsonArray ?? []).OfType<JsonObject>().ToList();
        var first = (pod.At("spec", "initContainers") as JsonArray ?? []).OfType<JsonObject>().ToList();
        return item.Text("type") switch
        {
            "Container" => containers.Concat(first).SelectMany(c => Check(item, "Container", Amounts(c, "requests"), Amounts(c, "limits"))),
            "Pod" => Check(item, "Pod", Total(containers, first, "requests"), Total(containers, first, "limits")),
            _ => [],
        };
    }

    /// <summary>Why a claim for storage is outside of the range.</summary>
    public static IEnumerable<string> OfClaim(JsonObject item, JsonObject claim)
    {
        if (item.Text("type") is not "PersistentVolumeClaim")
        {
            yield break;
        }

        var asked = Amounts(claim["spec"], "requests");
        foreach (var (resource, bound) in Sorted(item, "min"))
        {
            if (Below(asked, resource, bound, "PersistentVolumeClaim") is { } problem)
            {
                yield return problem;
            }
        }

        foreach (var (resource, bound) in Sorted(item, "max"))
        {
            if (!asked.TryGetValue(resource, out var request))
            {
                yield return $"maximum {resource} usage per PersistentVolumeClaim is {bound}.  No request is specified";
            }
            else if (request > bound)
            {
                yield return $"maximum {resource} usage per PersistentVolumeClaim is {bound}, but request is {request}";
            }
        }
    }

    private static IEnumerable<string> Check(JsonObject item, string type, Dictionary<string, Quantity> requests, Dictionary<string, Quantity> limits)
    {
        foreach (var (resource, bound) in Sorted(item, "min"))
        {
            if (Below(requests, resource, bound, type) is { } problem)
            {
                yield return problem;
            }
            else if (limits.TryGetValue(resource, out var limit) && limit < bound)
            {
                yield return $"minimum {resource} usage per {type} is {bound}, but limit is {limit}";
            }
        }

        foreach (var (resource, bound) in Sorted(item, "max"))
        {
            if (!limits.TryGetValue(resource, out var limit))
            {
                yield return $"maximum {resource} usage per {type} is {bound}.  No limit is specified";
            }
            else if (limit > bound)
            {
                yield return $"maximum {resource} usage per {type} is {bound}, but limit is {limit}";
            }
            else if (requests.TryGetValue(resource, out var request) && request > bound)
            {
                yield return $"maximum {resource} usage per {type} is {bound}, but request is {request}";
            }
        }

        foreach (var (resource, bound) in Sorted(item, "maxLimitRequestRatio"))
        {
            if (!requests.TryGetValue(resource, out var request) || request.IsZero)
            {
                yield return $"{resource} max limit to request ratio per {type} is {bound}, but no request is specified or request is 0";
            }
            else if (!limits.TryGetValue(resource, out var limit) || limit.IsZero)
            {
                yield return $"{resource} max limit to request ratio per {type} is {bound}, but no limit is specified or limit is 0";
            }
            else if (limit.ToDouble() / request.ToDouble() is var ratio && ratio > bound.ToDouble())
            {
                yield return string.Create(CultureInfo.InvariantCulture, $"{resource} max limit to request ratio per {type} is {bound}, but provided ratio is {ratio:F6}");
            }
        }
    }

    private static string? Below(Dictionary<string, Quantity> requests, string resource, Quantity bound, string type) =>
        !requests.TryGetValue(resource, out var request) ? $"minimum {resource} usage per {type} is {bound}.  No request is specified"
        : request < bound ? $"minimum {resource} usage per {type} is {bound}, but request is {request}"
        : null;

    /// <summary>The sum of the containers, or what one needs that runs before them, whichever is more.</summary>
    private static Dictionary<string, Quantity> Total(IEnumerable<JsonObject> containers, IEnumerable<JsonObject> first, string part)
    {
        var total = new Dictionary<string, Quantity>(StringComparer.Ordinal);
        foreach (var (resource, amount) in containers.SelectMany(c => Amounts(c, part)))
        {
            total[resource] = total.GetValueOrDefault(resource) + amount;
        }

        foreach (var (resource, amount) in first.SelectMany(c => Amounts(c, part)))
        {
            total[resource] = Quantity.Max(total.GetValueOrDefault(resource), amount);
        }

        return total;
    }

    private static Dictionary<string, Quantity> Amounts(JsonNode? holder, string part) =>
        holder.Strings("resources", part).ToDictionary(a => a.Key, a => Quantity.Parse(a.Value), StringComparer.Ordinal);

    private static IEnumerable<(string Resource, Quantity Bound)> Sorted(JsonObject item, string part) =>
        item.Strings(part).OrderBy(a => a.Key, StringComparer.Ordinal).Select(a => (a.Key, Quantity.Parse(a.Value)));
}
