using System.Globalization;
using System.Text.Json.Nodes;
using Godwit.LocalCluster.ApiServer.Admission;
using Godwit.LocalCluster.ApiServer.Errors;
using Microsoft.AspNetCore.Http;

namespace Godwit.LocalCluster.ApiServer.Http;

/// <summary>One authenticated request for a resource: what it is about and how to answer it.</summary>
internal sealed record ApiRequest(HttpContext Http, RequestInfo Info, ResourceTarget Target, UserInfo User)
{
    public CancellationToken Aborted => Http.RequestAborted;

    /// <summary>A query parameter; empty when absent.</summary>
    public string Query(string name) => Http.Request.Query[name].ToString();

    public bool Flag(string name) => Query(name) is "true" or "1" or "True";

    public long? Number(string name)
    {
        var text = Query(name);
        if (text.Length == 0)
        {
            return null;
        }

        return long.TryParse(text, NumberStyles.Integer, CultureInfo.InvariantCulture, out var value)
            ? value
            : throw ApiErrors.BadRequest($"strconv.ParseInt: parsing \"{text}\": invalid syntax");
    }

    public Negotiation Negotiate() => Negotiation.Of(Http.Request.Headers.Accept.ToString());

    /// <summary>Options of a write, from the query.</summary>
    public RequestOptions WriteOptions(string kind)
    {
        var dryRun = Http.Request.Query["dryRun"];
        if (dryRun.Any(d => d != "All"))
        {
            throw ApiErrors.Invalid("meta.k8s.io", kind, "", [FieldError.NotSupported("dryRun", '"' + dryRun.First(d => d != "All") + '"', ["All"])]);
        }

        var validation = Query("fieldValidation");
        if (validation is not ("" or "Ignore" or "Warn" or "Strict"))
        {
            throw ApiErrors.Invalid("meta.k8s.io", kind, "", [FieldError.NotSupported("fieldValidation", '"' + validation + '"', ["Ignore", "Strict", "Warn"])]);
        }

        var options = new JsonObject { ["kind"] = kind, ["apiVersion"] = "meta.k8s.io/v1" };
        if (dryRun.Count > 0)
        {
            options["dryRun"] = new JsonArray("All");
        }

        if (Query("fieldManager") is { Length: > 0 } manager)
        {
            options["fieldManager"] = manager;
        }

        if (validation.Length > 0)
        {
            options["fieldValidation"] = validation;
        }

        return new RequestOptions(User)
        {
            DryRun = dryRun.Count > 0,
            FieldValidation = validation.Length == 0 ? "Warn" : validation,
            FieldManager = Query("fieldManager") is { Length: > 0 } named ? named : ClientName(),
            Options = options,
        };
    }

    /// <summary>The client by its own account, as far as it can be read: <c>kubectl</c> of <c>kubectl/v1.32.4 (linux/amd64)</c>.</summary>
    private string ClientName()
    {
        const int Longest = 128;
        var name = string.Concat(Http.Request.Headers.UserAgent.ToString().Split('/')[0].Where(static c => !char.IsControl(c)));
        return name.Length <= Longest ? name : name[..Longest];
    }
}
