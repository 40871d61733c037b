using System.Text.Json.Nodes;
using Godwit.LocalCluster.Kubelet;
using Shouldly;
using Xunit;

namespace Godwit.Unit.LocalCluster.Services;

public sealed class ServiceEnvironmentTests
{
    private static readonly JsonObject Server = Service("default", "kubernetes", "10.97.0.1", ("https", 443));

    [Fact]
    public void Every_container_is_told_where_the_API_server_is()
    {
        var variables = Of("team", links: false, Server, Service("team", "web", "10.97.0.5", (null, 80)));
        variables["KUBERNETES_SERVICE_HOST"].ShouldBe("10.97.0.1");
        variables["KUBERNETES_SERVICE_PORT"].ShouldBe("443");
        variables["KUBERNETES_SERVICE_PORT_HTTPS"].ShouldBe("443");
        variables.Keys.ShouldAllBe(static name => name.StartsWith("KUBERNETES_", StringComparison.Ordinal));
    }

    [Fact]
    public void Services_of_its_namespace_come_with_links()
    {
        var variables = Of("team", links: true, Server, Service("team", "my-web", "10.97.0.5", ("http", 80), ("admin", 81)), Service("team", "headless", "None", (null, 80)));
        variables["MY_WEB_SERVICE_HOST"].ShouldBe("10.97.0.5");
        variables["MY_WEB_SERVICE_PORT"].ShouldBe("80");
        variables["MY_WEB_SERVICE_PORT_ADMIN"].ShouldBe("81");
        variables["MY_WEB_PORT"].ShouldBe("tcp://10.97.0.5:80");
        variables["MY_WEB_PORT_81_TCP"].ShouldBe("tcp://10.97.0.5:81");
        variables["MY_WEB_PORT_81_TCP_PROTO"].ShouldBe("tcp");
        variables["MY_WEB_PORT_81_TCP_PORT"].ShouldBe("81");
        variables["MY_WEB_PORT_81_TCP_ADDR"].ShouldBe("10.97.0.5");
        variables.ShouldContainKey("KUBERNETES_SERVICE_HOST");
        variables.Keys.ShouldNotContain(static name => name.StartsWith("HEADLESS", StringComparison.Ordinal));
    }

    [Fact]
    public void A_service_of_the_namespace_hides_the_API_servers_of_the_same_name() =>
        Of("team", links: true, Server, Service("team", "kubernetes", "10.97.0.9", (null, 1)))["KUBERNETES_SERVICE_HOST"].ShouldBe("10.97.0.9");

    private static Dictionary<string, string> Of(string podNamespace, bool links, params JsonObject[] services) =>
        ServiceEnvironment.Of(services, podNamespace, links).ToDictionary(StringComparer.Ordinal);

    private static JsonObject Service(string ns, string name, string address, params (string? Name, int Port)[] ports) => new()
    {
        ["metadata"] = new JsonObject { ["name"] = name, ["namespace"] = ns },
        ["spec"] = new JsonObject
        {
            ["clusterIP"] = address,
            ["ports"] = new JsonArray([.. ports.Select(static p => new JsonObject { ["name"] = p.Name, ["port"] = p.Port, ["protocol"] = "TCP" })]),
        },
    };
}
