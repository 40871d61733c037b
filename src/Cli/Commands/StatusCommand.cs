using System.CommandLine;
using System.Text.Json.Nodes;
using Godwit.Cli.Api;
using Godwit.Cli.Host;
using Godwit.Cli.Output;
using Godwit.Machinery;
using Godwit.Types;

namespace Godwit.Cli.Commands;

/// <summary><c>godwit status</c>.</summary>
public static class StatusCommand
{
    public static Command Build()
    {
        var output = GlobalOptions.Output();
        var command = new Command("status", "Show nodes, virtual machines, running migrations and the cluster's processes") { output };
        command.SetAction(async (parsed, ct) =>
        {
            var now = TimeProvider.System.GetUtcNow();
            var state = parsed.Folder();
            var components = Components(state, now);
            JsonArray nodes = [], vmis = [], migrations = [], forwarders = [];
            string? unreachable = null;
            try
            {
                using var api = ClusterAccess.Open(parsed);
                var all = await api.ListAsync(Resources.Vmi, ct: ct);
                nodes = Nodes((await api.ListAsync(Resources.Node, ct: ct)).Items, all.Items, state);
                vmis = Vmis(all.Items, now);
                var moves = (await api.ListAsync(Resources.Migration, ct: ct)).Items;
                migrations = Migrations(moves);
                forwarders = Forwarders(Forwarder.Of(all.Items, moves));
            }
            catch (Exception e) when (e is ApiException or CliException && components.Count > 0)
            {
                unreachable = e.Message;
            }

            if (parsed.GetValue(output) == "json")
            {
                CliJson.Print(
                    new JsonObject
                    {
                        ["nodes"] = nodes,
                        ["vmis"] = vmis,
                        ["migrations"] = migrations,
                        ["forwarders"] = forwarders,
                        ["components"] = components,
                        ["error"] = unreachable,
                    },
                    CliJson.Default.JsonObject);
            }
            else
            {
                Table(nodes, "no nodes", ("NODE", "name"), ("STATUS", "status"), ("ADDRESS", "address"), ("VMIS", "vmis"));
                Table(vmis, "no virtual machines", ("NAMESPACE", "namespace"), ("VMI", "name"), ("PHASE", "phase"), ("NODE", "node"), ("IP", "ip"), ("AGE", "age"));
                Table(
                    migrations,
                    "no migrations running",
                    ("NAMESPACE", "namespace"), ("MIGRATION", "name"), ("VMI", "vmi"), ("PHASE", "phase"), ("SOURCE", "source"), ("TARGET", "target"),
                    ("PROGRESS", "progress"), ("RATE", "rate"), ("ETA", "eta"));
                Table(
                    forwarders,
                    "no old connections carried",
                    ("NAMESPACE", "namespace"), ("FORWARDING-FOR", "vmi"), ("FROM", "node"), ("FLOWS", "flows"), ("UNTIL", "until"));
                Table(
                    components,
                    $"no cluster runs in {state.Root}",
                    ("COMPONENT", "name"), ("PID", "pid"), ("RSS", "rss"), ("RESTARTS", "restarts"), ("UP", "up"), ("LAST-EXIT", "lastExit"));
                if (unreachable is not null)
                {
                    Say.Error(unreachable);
                }
            }

            return unreachable is null ? ExitCodes.Ok : ExitCodes.Failed;
        });
        return command;
    }

    private static JsonArray Nodes(IReadOnlyList<JsonObject> nodes, IReadOnlyList<JsonObject> vmis, StateFolder local) => Array(nodes.Select(node => new JsonObject
    {
        ["name"] = node.Name(),
        ["status"] = (Lookups.HasCondition(node, "Ready") ? "Ready" : "NotReady")
            + (node.Flag("spec", "unschedulable") == true ? ",SchedulingDisabled" : "")
            + (local.IsOff(node.Name()) ? ",PoweredOff" : ""),
        ["address"] = (node.At("status", "addresses") as JsonArray)?.FirstOrDefault(static a => a.Text("type") == "InternalIP").Text("address"),
        ["vmis"] = vmis.Count(v => v.Text("status", "nodeName") == node.Name()),
    }));

    private static JsonArray Vmis(IReadOnlyList<JsonObject> vmis, DateTimeOffset now) => Array(vmis.Select(vmi => new JsonObject
    {
        ["namespace"] = vmi.Namespace(),
        ["name"] = vmi.Name(),
        ["phase"] = vmi.Text("status", "phase"),
        ["node"] = vmi.Text("status", "nodeName"),
        ["ip"] = VmiFacts.Address(vmi),
        ["age"] = DateTimeOffset.TryParse(vmi.Text("metadata", "creationTimestamp"), out var born) ? Figures.Age(now - born) : null,
    }));

    private static JsonArray Migrations(IReadOnlyList<JsonObject> migrations) => Array(
        migrations.Where(static m => !Lookups.IsFinal(m)).Select(static migration => new JsonObject
        {
            ["namespace"] = migration.Namespace(),
            ["name"] = migration.Name(),
            ["vmi"] = migration.Text("spec", "vmiName"),
            ["phase"] = migration.Text("status", "phase"),
            ["source"] = migration.Text("status", "summary", "source"),
            ["target"] = migration.Text("status", "summary", "target"),
            ["progress"] = migration.Text("status", "summary", "progress"),
            ["rate"] = migration.Text("status", "summary", "rate"),
            ["eta"] = migration.Text("status", "summary", "eta"),
        }));

    private static JsonArray Forwarders(IEnumerable<Forwarder> forwarders) => Array(forwarders.Select(static forwarder => new JsonObject
    {
        ["namespace"] = forwarder.Namespace,
        ["vmi"] = forwarder.Vmi,
        ["node"] = forwarder.Node,
        ["flows"] = forwarder.Flows,
        ["until"] = forwarder.Until is { } until ? Timestamps.Format(until) : null,
    }));

    private static JsonArray Components(StateFolder state, DateTimeOffset now) => Array(state.Processes().Select(record =>
    {
        var alive = ProcessTable.IsAlive(record);
        var resident = alive ? ProcessTable.ResidentBytes(record.Pid) : 0;
        return new JsonObject
        {
            ["name"] = record.Name,
            ["pid"] = alive ? record.Pid : null,
            ["rss"] = alive ? Figures.Bytes(resident) : null,
            ["rssBytes"] = resident,
            ["restarts"] = record.Restarts,
            ["up"] = alive ? Figures.Age(now - record.Started) : "dead",
            ["lastExit"] = record.LastExit,
        };
    }));

    private static JsonArray Array(IEnumerable<JsonObject> items)
    {
        var array = new JsonArray();
        foreach (var item in items)
        {
            array.Add((JsonNode)item);
        }

        return array;
    }

    private static void Table(JsonArray items, string none, params (string Heading, string Field)[] columns)
    {
        if (items.Count == 0)
        {
            Console.Out.WriteLine($"({none})\n");
            return;
        }

        var table = new Columns([.. columns.Select(static c => c.Heading)]);
        foreach (var item in items)
        {
            table.Add([.. columns.Select(c => item!.At(c.Field)?.ToString())]);
        }

        Console.Out.WriteLine(table);
    }
}
