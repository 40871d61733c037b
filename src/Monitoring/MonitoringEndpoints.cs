using System.Buffers;
using Godwit.Machinery;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Godwit.Monitoring;

/// <summary>What each component says of itself to whoever asks.</summary>
public static class MonitoringEndpoints
{
    /// <summary>
    /// Adds <c>/metrics</c>, <c>/healthz</c> (a process with a dead loop ends, so who answers is well) and <c>/readyz</c>.
    /// </summary>
    /// <param name="app">Where they are added.</param>
    /// <param name="metrics">The component's metrics.</param>
    /// <param name="lacking">What the component waits for before it works; null when it works.</param>
    public static void Map(IEndpointRouteBuilder app, MetricRegistry metrics, Func<string?> lacking)
    {
        app.MapGet("/healthz", static context => context.Response.WriteAsync("ok"));
        app.MapGet("/readyz", context =>
        {
            var reason = lacking();
            context.Response.StatusCode = reason is null ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable;
            return context.Response.WriteAsync(reason ?? "ok");
        });
        app.MapGet("/metrics", context =>
        {
            // Whole before it is sent: a collector that fails must not leave half an answer that looks like one.
            var text = new ArrayBufferWriter<byte>(16 * 1024);
            metrics.Write(text);
            context.Response.ContentType = MetricText.ContentType;
            context.Response.ContentLength = text.WrittenCount;
            return context.Response.Body.WriteAsync(text.WrittenMemory, context.RequestAborted).AsTask();
        });
    }
}
