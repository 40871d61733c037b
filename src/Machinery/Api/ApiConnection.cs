using k8s;
using k8s.Authentication;
using k8s.Exceptions;

namespace Godwit.Machinery;

/// <summary>What the official client makes of a kubeconfig: an HTTP client with the right trust and certificates.</summary>
internal sealed record ApiConnection(
    HttpClient Http, Uri BaseUri, ServiceClientCredentials? Credentials, string Namespace, IDisposable Owner)
{
    private const string ServiceAccountToken = "/var/run/secrets/kubernetes.io/serviceaccount/token";

    public static ApiConnection Open(ApiClientOptions options)
    {
        var configuration = Load(options);
        configuration.UserAgent = options.UserAgent;
        var client = new Kubernetes(configuration);
        // The library adds the user agent per request, so requests that bypass it need the default header.
        client.HttpClient.DefaultRequestHeaders.UserAgent.TryParseAdd(options.UserAgent);
        return new(client.HttpClient, client.BaseUri, client.Credentials, configuration.Namespace ?? "default", client);
    }

    private static KubernetesClientConfiguration Load(ApiClientOptions options)
    {
        var file = options.Kubeconfig ?? Environment.GetEnvironmentVariable("KUBECONFIG");
        if (string.IsNullOrEmpty(file) && File.Exists(ServiceAccountToken))
        {
            return KubernetesClientConfiguration.InClusterConfig();
        }

        try
        {
            return KubernetesClientConfiguration.BuildConfigFromConfigFile(
                string.IsNullOrEmpty(file) ? KubernetesClientConfiguration.KubeConfigDefaultLocation : file, options.Context);
        }
        catch (Exception e) when (e is KubeConfigException or IOException or UnauthorizedAccessException or FormatException)
        {
            var name = string.IsNullOrEmpty(file) ? KubernetesClientConfiguration.KubeConfigDefaultLocation : file;
            throw new InvalidOperationException($"Cannot use the kubeconfig {name}: {e.Message}", e);
        }
    }
}
