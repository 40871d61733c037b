using System.Reflection;
using System.Runtime.InteropServices;
using Godwit.Godwitd.Roles;
using Godwit.LocalCluster.Images;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;

namespace Godwit.Godwitd;

/// <summary>Runs one role until it is told to end (SIGTERM, SIGINT) or fails.</summary>
public static class Daemon
{
    private const int Usage = 2;
    private const string Help = """
        godwitd cluster --state DIR                                                  API server, scheduler, kubelets, node networks
        godwitd controller --state DIR --kubeconfig FILE --listen ADDRESS:PORT       virt-controller and virt-api
          [--metrics-listen ADDRESS:PORT]
        godwitd virt-controller [--kubeconfig FILE] [--launcher-image IMAGE]         virt-controller alone, as in a pod
          [--metrics-listen ADDRESS:PORT]
        godwitd virt-api [--kubeconfig FILE] [--listen ADDRESS:PORT]                 virt-api alone, as in a pod
        godwitd handler --node NAME [--kubeconfig FILE] [--kubelet-root DIR]         virt-handler of one node
          [--metrics-port PORT]
        godwitd cluster-clean --state DIR                                            removes what a cluster left on this machine
        godwitd image import|list|remove … --state DIR                               images of the local cluster
        godwitd version
        Each takes --log-format simple|json and --log-level LEVEL. `godwit up` starts them.
        """;

    /// <summary>The exit code: 0 when the role ended as told, 1 when it failed, 2 when the words were wrong.</summary>
    public static async Task<int> RunAsync(string[] args)
    {
        if (args is [] or ["--help" or "-h" or "help"])
        {
            Console.Out.WriteLine(Help);
            return args.Length == 0 ? Usage : 0;
        }

        using var stop = new CancellationTokenSource();
        using var terminate = Cancel(PosixSignal.SIGTERM, stop);
        using var interrupt = Cancel(PosixSignal.SIGINT, stop);
        try
        {
            return await RunAsync(args[0], args[1..], stop.Token);
        }
        catch (UsageException e)
        {
            await Console.Error.WriteLineAsync($"godwitd {args[0]}: {e.Message}");
            return Usage;
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            return 0;
        }
    }

    private static async Task<int> RunAsync(string verb, string[] rest, CancellationToken ct)
    {
        switch (verb)
        {
            case "version":
                Console.Out.WriteLine($"godwitd {typeof(Daemon).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0]}");
                return 0;
            case "cluster":
                return await ServeAsync(verb, rest, ["state"], ClusterRole.RunAsync, ct);
            case "controller":
                return await ServeAsync(verb, rest, ["state", "kubeconfig", "listen", "metrics-listen"], ControllerRole.RunAsync, ct);
            case "virt-controller":
                return await ServeAsync(verb, rest, ["kubeconfig", "launcher-image", "metrics-listen"], VirtControllerRole.RunAsync, ct);
            case "virt-api":
                return await ServeAsync(verb, rest, ["kubeconfig", "listen"], VirtApiRole.RunAsync, ct);
            case "handler":
                return await ServeAsync(verb, rest, ["kubeconfig", "node", "kubelet-root", "metrics-port"], HandlerRole.RunAsync, ct);
            case "cluster-clean":
                return await ServeAsync(verb, rest, ["state"], CleanRole.RunAsync, ct);
            case "image":
                return await ImageCommands.RunAsync(rest, Console.Out, Console.Error, ct);
            default:
                throw new UsageException($"there is no such role; see godwitd --help");
        }
    }

    private static async Task<int> ServeAsync(
        string verb, string[] rest, string[] known, Func<Arguments, ILoggerFactory, CancellationToken, Task> role, CancellationToken ct)
    {
        var arguments = Arguments.Parse(rest, [.. known, "log-format", "log-level"]);
        using var loggers = Loggers(arguments);
        var logger = loggers.CreateLogger($"godwitd.{verb}");
        try
        {
            await role(arguments, loggers, ct);
            return 0;
        }
        catch (Exception e) when (e is not (UsageException or OperationCanceledException) || (e is OperationCanceledException && !ct.IsCancellationRequested))
        {
            // Such an error names the path or port and the remedy; a stack trace would only bury that.
            logger.LogCritical(e is IOException ? null : e, "The role {Role} cannot go on: {Reason}", verb, e.Message);
            return 1;
        }
    }

    private static ILoggerFactory Loggers(Arguments arguments)
    {
        var level = arguments.Find("log-level") is not { } name ? LogLevel.Information
            : Enum.TryParse<LogLevel>(name, ignoreCase: true, out var parsed) ? parsed
            : throw new UsageException($"--log-level {name} is none of {string.Join(", ", Enum.GetNames<LogLevel>())}");
        return LoggerFactory.Create(builder =>
        {
            builder.SetMinimumLevel(level).AddFilter("Microsoft", LogLevel.Warning);
            if (arguments.Find("log-format") == "json")
            {
                builder.AddJsonConsole(static o => o.TimestampFormat = "O");
            }
            else
            {
                builder.AddSimpleConsole(static o =>
                {
                    o.SingleLine = true;
                    o.UseUtcTimestamp = true;
                    o.TimestampFormat = "yyyy-MM-ddTHH:mm:ss.fffZ ";
                    o.ColorBehavior = LoggerColorBehavior.Disabled;
                });
            }
        });
    }

    private static PosixSignalRegistration Cancel(PosixSignal signal, CancellationTokenSource stop) =>
        PosixSignalRegistration.Create(signal, context =>
        {
            context.Cancel = true;
            stop.Cancel();
        });
}
