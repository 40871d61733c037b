using System.Text.Json;
using Godwit.Cli.Output;

namespace Godwit.Cli.Host;

/// <summary>Where one local cluster keeps what is its own.</summary>
public sealed class StateFolder(string path)
{
    public const string Default = "/var/lib/godwit";

    public string Root { get; } = path;

    public string SettingsFile => Path.Combine(Root, "cluster.json");

    public string LockFile => Path.Combine(Root, "lock");

    public string Kubeconfig => Path.Combine(Root, "kubeconfig");

    public string Run => Path.Combine(Root, "run");

    public string Logs => Path.Combine(Root, "log");

    public string LogOf(string process) => Path.Combine(Logs, $"{process}.log");

    /// <summary>While this file is there the node is without power: nothing of it is started.</summary>
    public string PowerOffFile(string node) => Path.Combine(Root, "nodes", node, "off");

    public bool IsOff(string node) => File.Exists(PowerOffFile(node));

    /// <summary>The settings that <c>godwit up</c> wrote; null when there are none.</summary>
    public ClusterSettings? ReadSettings()
    {
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllText(SettingsFile), CliJson.Default.ClusterSettings);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
        catch (JsonException e)
        {
            throw new CliException($"{SettingsFile} cannot be read: {e.Message}", "Remove it, or give another --state folder.");
        }
    }

    /// <summary>Writes the settings in one step.</summary>
    public void WriteSettings(ClusterSettings settings)
    {
        Directory.CreateDirectory(Root);
        WriteAtomic(SettingsFile, JsonSerializer.Serialize(settings, CliJson.Default.ClusterSettings));
    }

    /// <summary>What the supervisor wrote of one of its processes; null when it wrote nothing.</summary>
    public ProcessRecord? ReadProcess(string name)
    {
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllText(Path.Combine(Run, $"{name}.json")), CliJson.Default.ProcessRecord);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException or JsonException)
        {
            return null;
        }
    }

    public void WriteProcess(ProcessRecord record)
    {
        Directory.CreateDirectory(Run);
        WriteAtomic(Path.Combine(Run, $"{record.Name}.pid"), $"{record.Pid}\n");
        WriteAtomic(Path.Combine(Run, $"{record.Name}.json"), JsonSerializer.Serialize(record, CliJson.Default.ProcessRecord));
    }

    public void ForgetProcess(string name)
    {
        File.Delete(Path.Combine(Run, $"{name}.pid"));
        File.Delete(Path.Combine(Run, $"{name}.json"));
    }

    /// <summary>Every process that was recorded, the supervisor among them.</summary>
    public IReadOnlyList<ProcessRecord> Processes() => Directory.Exists(Run)
        ? [.. Directory.GetFiles(Run, "*.json").Order(StringComparer.Ordinal)
            .Select(f => ReadProcess(Path.GetFileNameWithoutExtension(f))).OfType<ProcessRecord>()]
        : [];

    /// <summary>The supervisor that holds this folder; null when none lives.</summary>
    public ProcessRecord? LivingSupervisor() =>
        ReadProcess(Supervisor.Name) is { } record && ProcessTable.IsAlive(record) ? record : null;

    private static void WriteAtomic(string file, string text)
    {
        var temporary = $"{file}.new";
        File.WriteAllText(temporary, text);
        File.Move(temporary, file, overwrite: true);
    }
}
