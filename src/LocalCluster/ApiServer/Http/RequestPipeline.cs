using Godwit.LocalCluster.ApiServer.Admission;
using Godwit.LocalCluster.ApiServer.Discovery;
using Godwit.LocalCluster.ApiServer.Errors;
using Godwit.LocalCluster.ApiServer.Resources;
using Godwit.LocalCluster.Authorization;
using Godwit.LocalCluster.Store;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Godwit.LocalCluster.ApiServer.Http;

/// <summary>Every request: authenticate, authorize, find out what it is about, hand it on, and turn what goes wrong into a Status.</summary>
internal sealed partial class RequestPipeline(
    Authenticator authenticator,
    Authorizer authorizer,
    ResourceRegistry registry,
    DiscoveryHandler discovery,
    ServerInfoHandler info,
    ResourceHandler resources,
    IAggregator? aggregator,
    ILogger logger)
{
    private static readonly UserInfo Anonymous = new(Impersonation.AnonymousUser, [Impersonation.UnauthenticatedGroup]);

    private readonly Impersonation _impersonation = new(authorizer);

    public async Task InvokeAsync(HttpContext http)
    {
        try
        {
            await DispatchAsync(http);
        }
        catch (StatusException e) when (!http.Response.HasStarted)
        {
            await ResponseWriter.StatusAsync(http, e);
        }
        catch (StoreFullException e) when (!http.Response.HasStarted)
        {
            LogDiskFull(e.Path);
            await ResponseWriter.StatusAsync(http, ApiErrors.InsufficientStorage(e.Path));
        }
        catch (BadHttpRequestException e) when (!http.Response.HasStarted)
        {
            await ResponseWriter.StatusAsync(http, new StatusException(e.StatusCode, "BadRequest", e.Message));
        }
        catch (Exception) when (http.RequestAborted.IsCancellationRequested)
        {
            // The client left; there is nobody to answer.
        }
        catch (ConnectionResetException)
        {
            // Likewise.
        }
        catch (Exception e)
        {
            LogFailed(e, http.Request.Method, http.Request.Path);
            if (http.Response.HasStarted)
            {
                http.Abort();
            }
            else
            {
                await ResponseWriter.StatusAsync(http, ApiErrors.Internal(e.Message));
            }
        }
    }

    private async Task DispatchAsync(HttpContext http)
    {
        var path = http.Request.Path.Value ?? "/";
        var user = Authorize(http, path);
        http.Items[typeof(UserInfo)] = user;
        if (aggregator is not null && path.StartsWith("/apis/", StringComparison.Ordinal) && await aggregator.TryHandleAsync(http))
        {
            return;
        }

        if (await info.TryHandleAsync(http, path) || await discovery.TryHandleAsync(http, path))
        {
            return;
        }

        var request = RequestInfo.Parse(path);
        if (request is null)
        {
            await ResponseWriter.TextAsync(http, StatusCodes.Status404NotFound, "404 page not found\n");
            return;
        }

        if (!registry.Serves(request.Group, request.Version))
        {
            await ResponseWriter.TextAsync(http, StatusCodes.Status404NotFound, "404 page not found\n");
            return;
        }

        var resource = registry.Find(request.Group, request.Resource);
        var version = resource?.Version(request.Version);
        if (resource is null || version is null
            || (resource.Namespaced ? request.Namespace.Length == 0 && request.Name.Length > 0 : request.Namespace.Length > 0))
        {
            throw ApiErrors.NoSuchResource();
        }

        if (version.DeprecationWarning is { } warning)
        {
            ResponseWriter.Warn(http, [warning]);
        }

        var target = new ResourceTarget(resource, version, request.Namespace, request.Name)
        {
            Subresource = request.Subresource.Length == 0 ? null : request.Subresource,
        };
        await resources.HandleAsync(new ApiRequest(http, request, target, user));
    }

    /// <summary>Who asks, or on whose behalf; throws unless they may. What is not served is refused as what is: nobody learns more than they may do.</summary>
    private UserInfo Authorize(HttpContext http, string path)
    {
        var caller = authenticator.Authenticate(http);
        if (caller is null)
        {
            // Who shows something that does not hold is told so, and not taken for nobody.
            caller = http.Request.Headers.Authorization.Count == 0 && http.Connection.ClientCertificate is null ? Anonymous : throw ApiErrors.Unauthorized();
        }

        var user = _impersonation.Apply(http, caller);
        var wanted = RequestAttributes.Of(http.Request, path);
        var decision = authorizer.Decide(user, wanted);
        if (decision.Allowed)
        {
            return user;
        }

        // As every refusal of this kind: what a stranger wrote into a path must not be taken for something else by somebody's browser.
        http.Response.Headers.XContentTypeOptions = "nosniff";
        throw AccessRefusal.Of(user, wanted, decision.Reason);
    }

    [LoggerMessage(1, LogLevel.Error, "Request {Method} {Path} failed")]
    private partial void LogFailed(Exception e, string method, PathString path);

    [LoggerMessage(2, LogLevel.Error, "The disk that holds {Store} is full: writes are refused until there is room")]
    private partial void LogDiskFull(string store);
}
