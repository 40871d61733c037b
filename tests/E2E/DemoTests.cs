using System.Text.Json.Nodes;
using Godwit.Machinery;
using Godwit.Tests.E2E.Support;
using Shouldly;
using Xunit;

namespace Godwit.Tests.E2E;

[Collection<FirstSide>]
public sealed class DemoTests(ClusterFixture cluster)
{
    [Fact]
    public async Task The_demo_moves_the_guest_there_and_back_and_nothing_is_lost()
    {
        cluster.RequireOwn();
        var outcome = await cluster.GodwitAsync(["demo", "--json", "--yes"], TimeSpan.FromMinutes(6));
        var report = JsonNode.Parse(outcome.Ok());
        var migrations = report.At("migrations").ShouldBeOfType<JsonArray>();
        migrations.Count.ShouldBe(2);
        foreach (var migration in migrations)
        {
            migration.Flag("succeeded").ShouldBe(true);
        }

        migrations[0].Text("to").ShouldBe(migrations[1].Text("from"));
        migrations[1].Text("to").ShouldBe(migrations[0].Text("from"));
        foreach (var field in (string[])["lostTicks", "memoryErrors", "diskErrors", "echoErrors", "keptConnectionErrors"])
        {
            report.Integer("guest", field).ShouldBe(0, field);
        }

        report.Integer("guest", "keptConnections").ShouldBe(1);
        report.Integer("guest", "echoes").ShouldNotBeNull().ShouldBeGreaterThan(100);
    }
}
