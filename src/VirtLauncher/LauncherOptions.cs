using System.Globalization;

namespace Godwit.VirtLauncher;

/// <summary>The command line.</summary>
internal sealed record LauncherOptions(string Name, string Namespace, string Uid, TimeSpan Grace, string Folder)
{
    public const string Usage =
        "usage: virt-launcher --name VMI --namespace NAMESPACE --uid UID --grace SECONDS [--folder /var/run/godwit]";

    /// <summary>The options, or what is wrong with the arguments.</summary>
    public static (LauncherOptions? Options, string? Problem) Parse(IReadOnlyList<string> args)
    {
        var values = new Dictionary<string, string>(StringComparer.Ordinal) { ["--folder"] = "/var/run/godwit", ["--grace"] = "30" };
        for (var i = 0; i < args.Count; i += 2)
        {
            if (args[i] is not ("--name" or "--namespace" or "--uid" or "--grace" or "--folder"))
            {
                return (null, $"unknown argument '{args[i]}'");
            }

            if (i + 1 == args.Count)
            {
                return (null, $"{args[i]} needs a value");
            }

            values[args[i]] = args[i + 1];
        }

        foreach (var needed in new[] { "--name", "--namespace", "--uid" })
        {
            if (!values.TryGetValue(needed, out var value) || value.Length == 0)
            {
                return (null, $"{needed} is missing");
            }
        }

        return int.TryParse(values["--grace"], NumberStyles.None, CultureInfo.InvariantCulture, out var grace)
            ? (new LauncherOptions(values["--name"], values["--namespace"], values["--uid"], TimeSpan.FromSeconds(grace), values["--folder"]), null)
            : (null, $"--grace wants a number of seconds, not '{values["--grace"]}'");
    }
}
