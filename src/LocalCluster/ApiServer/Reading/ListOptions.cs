using System.Globalization;
using Godwit.LocalCluster.ApiServer.Errors;
using Godwit.LocalCluster.ApiServer.Http;

namespace Godwit.LocalCluster.ApiServer.Reading;

/// <summary>The options of list and watch, checked as Kubernetes checks them.</summary>
internal sealed record ListOptions(string ResourceVersion, string Match, bool? SendInitialEvents, long Limit, string Continue)
{
    public static ListOptions Parse(ApiRequest call, bool watch)
    {
        bool? initial = call.Query("sendInitialEvents") is { Length: > 0 } text ? text is "true" or "1" : null;
        var options = new ListOptions(
            call.Query("resourceVersion"), call.Query("resourceVersionMatch"), initial, call.Number("limit") ?? 0, call.Query("continue"));
        var errors = options.Check(watch).ToList();
        return errors.Count == 0 ? options : throw ApiErrors.Invalid("meta.k8s.io", "ListOptions", "", errors);
    }

    /// <summary>Null for "" (the newest state).</summary>
    public long? Revision(bool watch)
    {
        if (ResourceVersion.Length == 0)
        {
            return null;
        }

        if (long.TryParse(ResourceVersion, NumberStyles.None, CultureInfo.InvariantCulture, out var revision))
        {
            return revision;
        }

        var message = $"resourceVersion: Invalid value: \"{ResourceVersion}\": strconv.ParseUint: parsing \"{ResourceVersion}\": invalid syntax";
        throw watch ? new StatusException(500, "", message) : ApiErrors.BadRequest(message);
    }

    private IEnumerable<FieldError> Check(bool watch)
    {
        if (Match.Length > 0 && ResourceVersion.Length == 0 && SendInitialEvents is null && !watch)
        {
            yield return FieldError.Forbidden("resourceVersionMatch", "resourceVersionMatch is forbidden unless resourceVersion is provided");
        }

        if (watch)
        {
            if (SendInitialEvents is not null && Match != "NotOlderThan")
            {
                yield return FieldError.Forbidden("resourceVersionMatch", "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan");
            }
            else if (SendInitialEvents is null && Match.Length > 0)
            {
                yield return FieldError.Forbidden("resourceVersionMatch", "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided");
            }

            yield break;
        }

        if (SendInitialEvents is not null)
        {
            yield return FieldError.Forbidden("sendInitialEvents", "sendInitialEvents is forbidden for list");
        }

        if (Match.Length == 0)
        {
            yield break;
        }

        if (Continue.Length > 0)
        {
            yield return FieldError.Forbidden("resourceVersionMatch", "resourceVersionMatch is forbidden when continue is provided");
        }

        if (Match is not ("Exact" or "NotOlderThan"))
        {
            yield return FieldError.NotSupported("resourceVersionMatch", '"' + Match + '"', ["Exact", "NotOlderThan", ""]);
        }

        if (Match == "Exact" && ResourceVersion == "0")
        {
            yield return FieldError.Forbidden("resourceVersionMatch", "resourceVersionMatch \"exact\" is forbidden for resourceVersion \"0\"");
        }
    }
}
