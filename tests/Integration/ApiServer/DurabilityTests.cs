using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using Godwit.LocalCluster.ApiServer;
using Shouldly;
using Xunit;

namespace Godwit.Integration.ApiServer;

/// <summary>What stays when the server ends, dies, finds its port taken or its disk full.</summary>
public sealed class DurabilityTests
{
    private const string ConfigMaps = "/api/v1/namespaces/default/configmaps";

    [Fact]
    public async Task A_restart_keeps_every_object_and_revisions_grow_on()
    {
        using var state = new StateFolder();
        string before;
        long last;
        await using (var first = await state.StartAsync())
        {
            using var client = new RawClient(first);
            for (var i = 0; i < 20; i++)
            {
                await client.SendAsync(HttpMethod.Post, ConfigMaps, Samples.ConfigMap($"kept-{i}"));
            }

            await client.SendAsync(HttpMethod.Delete, $"{ConfigMaps}/kept-7");
            await state.Kubectl.MustAsync("apply -f -", Definition);
            await client.SendAsync(HttpMethod.Post, "/apis/re.example/v1/namespaces/default/things", """{"apiVersion":"re.example/v1","kind":"Thing","metadata":{"name":"t"},"any":{"x":1}}""");
            var list = (await client.GetAsync(ConfigMaps)).Body;
            (before, last) = (list["items"]!.ToJsonString(), Samples.Revision(list));
        }

        await using var second = await state.StartAsync();
        using var again = new RawClient(second);
        var after = (await again.GetAsync(ConfigMaps)).Body;
        after["items"]!.ToJsonString().ShouldBe(before);
        (await again.GetAsync("/apis/re.example/v1/namespaces/default/things/t")).Body["any"]!["x"]!.GetValue<int>().ShouldBe(1);
        Samples.Revision(after).ShouldBeGreaterThanOrEqualTo(last);
        Samples.Revision((await again.SendAsync(HttpMethod.Post, ConfigMaps, Samples.ConfigMap("later"))).Body).ShouldBeGreaterThan(last);
        await foreach (var change in again.WatchAsync($"{ConfigMaps}?watch=true&timeoutSeconds=5&resourceVersion={last}"))
        {
            change["object"]!["metadata"]!["name"]!.GetValue<string>().ShouldBe("later");
            break;
        }

        (await state.Kubectl.MustAsync("get cm later -o name")).ShouldBe("configmap/later\n");
    }

    [Fact]
    public async Task A_server_that_is_killed_has_lost_no_write_that_it_acknowledged()
    {
        using var state = new StateFolder();
        await using var server = await state.StartAsync();
        using var client = new RawClient(server);
        await Task.WhenAll(Enumerable.Range(0, 8).Select(async writer =>
        {
            for (var i = 0; i < 40; i++)
            {
                (await client.SendAsync(HttpMethod.Post, ConfigMaps, Samples.ConfigMap($"w{writer}-{i}"))).Code.ShouldBe(201);
                if (i % 4 == 0)
                {
                    (await client.SendAsync(HttpMethod.Delete, $"{ConfigMaps}/w{writer}-{i}")).Code.ShouldBe(200);
                }
            }
        }));
        var acknowledged = (await client.GetAsync(ConfigMaps)).Body;

        // The first server runs on: nothing that it does at its end has happened to these files.
        using var left = state.Snapshot();
        await using var next = await left.StartAsync();
        using var reader = new RawClient(next);
        var found = (await reader.GetAsync(ConfigMaps)).Body;
        found["items"]!.ToJsonString().ShouldBe(acknowledged["items"]!.ToJsonString());
        Samples.Revision(found).ShouldBeGreaterThanOrEqualTo(Samples.Revision(acknowledged));
    }

    [Fact]
    public async Task A_taken_port_is_said_in_one_line()
    {
        using var state = new StateFolder();
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        var port = ((IPEndPoint)taken.LocalEndpoint).Port;
        using var loggers = new RecordingLoggers();
        var error = await Should.ThrowAsync<IOException>(() => state.StartAsync(port, loggers));
        error.Message.ShouldBe($"port {port} cannot be listened on: Address already in use; end what uses it, or choose another port");
        loggers.Lines.ShouldBeEmpty();
        taken.Stop();
        await using var server = await state.StartAsync(port, loggers);
        server.Address.Port.ShouldBe(port);
    }

    [Fact]
    public async Task An_unwritable_state_folder_is_said_in_one_line()
    {
        using var state = new StateFolder();
        var file = Path.Combine(state.Path, "file");
        await File.WriteAllTextAsync(file, "", TestContext.Current.CancellationToken);
        var error = await Should.ThrowAsync<IOException>(() => ApiServerHost.StartAsync(
            new ApiServerOptions { StateDirectory = Path.Combine(file, "state") }, new RecordingLoggers(), CancellationToken.None));
        error.Message.ShouldStartWith($"the state folder {file}/state is not writable: ");
        error.Message.ShouldNotContain('\n');
    }

    [Fact]
    public async Task A_full_disk_refuses_writes_clearly_and_loses_nothing()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "needs root: it mounts a small file system");
        using var state = new StateFolder();
        await ToolAsync("mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", state.Path);
        try
        {
            string kept;
            await using (var server = await state.StartAsync())
            {
                using var client = new RawClient(server);
                var refused = await FillAsync(client);
                refused["message"]!.GetValue<string>().ShouldBe(
                    $"the cluster's store {Path.Combine(state.Path, "store", "state.db")} cannot be written: the disk is full; nothing was changed, free some space and try again");
                refused["code"]!.GetValue<int>().ShouldBe(507);
                (await client.SendAsync(HttpMethod.Post, ConfigMaps, Samples.ConfigMap("late", new string('x', 500_000)))).Code.ShouldBe(507);
                (await client.GetAsync($"{ConfigMaps}/late")).Code.ShouldBe(404);
                kept = (await client.GetAsync(ConfigMaps)).Body["items"]!.ToJsonString();
                server.Failure.IsCompleted.ShouldBeFalse();

                await ToolAsync("mount", "-o", "remount,size=16m", state.Path);
                (await client.SendAsync(HttpMethod.Post, ConfigMaps, Samples.ConfigMap("room", new string('x', 100_000)))).Code.ShouldBe(201);
                (await client.SendAsync(HttpMethod.Delete, $"{ConfigMaps}/room")).Code.ShouldBe(200);
            }

            await using var next = await state.StartAsync();
            using var reader = new RawClient(next);
            (await reader.GetAsync(ConfigMaps)).Body["items"]!.ToJsonString().ShouldBe(kept);
        }
        finally
        {
            await ToolAsync("umount", state.Path);
        }
    }

    private const string Definition =
        """
        apiVersion: apiextensions.k8s.io/v1
        kind: CustomResourceDefinition
        metadata: {name: things.re.example}
        spec:
          group: re.example
          scope: Namespaced
          names: {plural: things, singular: thing, kind: Thing, listKind: ThingList}
          versions: [{name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}}]
        """;

    private static async Task<JsonObject> FillAsync(RawClient client)
    {
        for (var i = 0; i < 200; i++)
        {
            var (code, body) = await client.SendAsync(HttpMethod.Post, ConfigMaps, Samples.ConfigMap("fill-" + i.ToString(CultureInfo.InvariantCulture), new string('x', 100_000)));
            if (code != 201)
            {
                return body;
            }
        }

        throw new InvalidOperationException("the disk did not get full");
    }

    private static async Task ToolAsync(string tool, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(tool, arguments) { UseShellExecute = false, RedirectStandardError = true })!;
        var error = await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        process.ExitCode.ShouldBe(0, $"{tool}: {error}");
    }
}
