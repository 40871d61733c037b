using System.Text.Json.Nodes;
using Godwit.Integration.LocalCluster;
using Godwit.Machinery;
using Shouldly;
using Xunit;

namespace Godwit.Tests.Integration.Kubelet;

/// <summary>Services' addresses and node ports, by real packets between real pods.</summary>
[Collection(NodeCollection.Name)]
public sealed class ServiceTests(NodeCluster cluster)
{
    /// <summary>Says its name to whoever connects.</summary>
    private const string Server =
        """exec perl -MIO::Socket::INET -e '$s = IO::Socket::INET->new(Listen => 9, LocalPort => 8080, ReuseAddr => 1) or die; while ($c = $s->accept) { print $c "$ENV{HOSTNAME}\n"; close $c }'""";

    private Kubectl Kubectl => new(Path.Combine(cluster.Options.StateDirectory, "kubeconfig"), cluster.Options.StateDirectory);

    [Fact]
    public async Task A_service_is_reached_from_its_own_node_and_from_another_by_address_and_by_node_port()
    {
        await ServeAsync("svc-a", cluster.Options.Nodes[0]);
        var service = await cluster.CreateAsync(new("", "v1", "services", "Service", Namespaced: true), """
            {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "svc-a", "namespace": "default"},
             "spec": {"type": "NodePort", "selector": {"app": "svc-a"}, "ports": [{"port": 80, "targetPort": 8080}]}}
            """);
        var port = service.At("spec", "ports")?[0].Integer("nodePort").ShouldNotBeNull();
        await Kubectl.MustAsync("wait endpointslice -l kubernetes.io/service-name=svc-a --for=jsonpath={.endpoints[0].conditions.ready}=true --timeout=20s");

        foreach (var (node, i) in cluster.Options.Nodes.Select(static (n, i) => (n, i)))
        {
            // The address is known from the environment; the API server's is open to anybody.
            var client = $"svc-client-{i}";
            await cluster.RunAsync(
                client,
                $$"""
                ask() { bash -c "exec 3<>/dev/tcp/$1/$2 && cat <&3"; }
                until ask $SVC_A_SERVICE_HOST $SVC_A_SERVICE_PORT; do :; done
                ask $HOST_IP {{port}}
                bash -c ": <>/dev/tcp/$KUBERNETES_SERVICE_HOST/$KUBERNETES_SERVICE_PORT" && echo api
                """,
                spec =>
                {
                    spec["nodeName"] = node;
                    spec["containers"]![0]!["env"] = new JsonArray(new JsonObject
                    {
                        ["name"] = "HOST_IP",
                        ["valueFrom"] = new JsonObject { ["fieldRef"] = new JsonObject { ["fieldPath"] = "status.hostIP" } },
                    });
                });
            await cluster.PhaseAsync(client, "Succeeded");
            (await cluster.LogAsync(client)).ShouldEndWith("svc-a\nsvc-a\napi\n");
            await cluster.DeleteAsync(client);
        }

        await cluster.DeleteAsync("svc-a");
        await Kubectl.MustAsync("delete service svc-a");
    }

    private async Task ServeAsync(string name, string node)
    {
        await cluster.RunAsync(name, Server, spec => spec["nodeName"] = node);
        await cluster.ReadyAsync(name);
    }
}
