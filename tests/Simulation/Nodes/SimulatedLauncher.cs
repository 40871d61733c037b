using System.Text.Json.Nodes;
using Godwit.Machinery;
using Godwit.Qemu;
using Godwit.Simulation.Api;
using Godwit.Simulation.Qemu;
using Godwit.Types;
using Godwit.VirtHandler.Host;
using Godwit.VirtLauncher;

namespace Godwit.Simulation.Nodes;

/// <summary>
/// A launcher pod as its kubelet keeps it, with the launcher in it: it waits for a domain, starts a machine, turns a request to end
/// into a press of the power button, and tells how all ended. The real one spawns processes, so this one is played.
/// </summary>
internal sealed class SimulatedLauncher
{
    private const double Grace = 30;
    private readonly World _world;
    private readonly SimulatedNode _node;
    private readonly NamespacedName _key;
    private readonly string _uid;
    private LauncherStatus _status = new();
    private bool _asked;
    private bool _killedByUs;
    private int? _exitCode;

    public SimulatedLauncher(World world, SimulatedNode node, Stored pod)
    {
        _world = world;
        _node = node;
        _key = pod.Document.Key();
        _uid = pod.Document.Uid();
        (Pid, Address) = world.NextPlace();
        Folder = new PodPlace(node.Root, _uid).Folder;
        Directory.CreateDirectory(Folder);
        Tell(PodPhases.Running, ready: true);
        AwaitDomain(0.05);
    }

    public string Folder { get; }

    public int Pid { get; }

    public string Address { get; }

    public Machine? Machine { get; private set; }

    public bool HadMachine { get; private set; }

    public bool IsAlive => _exitCode is null && _node.IsUp;

    /// <summary>SIGTERM, SIGKILL when the time is over.</summary>
    public void Terminate(double grace)
    {
        if (!_node.IsUp)
        {
            return;
        }

        if (!IsAlive)
        {
            Remove();
            return;
        }

        _world.Clock.After(_world.Between(0.05, 0.5), ShutDown);
        _world.Clock.After(grace, () =>
        {
            if (IsAlive)
            {
                Machine?.Die(code: null, signal: 9, byScript: false);
                Exit(137);
            }
        });
    }

    /// <summary>Ends its QEMU as one of the faults.</summary>
    public void KillMachine() => Machine?.Die(code: null, signal: 9, byScript: true);

    public void PowerOff()
    {
        if (Machine is { } machine)
        {
            machine.Exited = null;
            machine.Die(code: null, signal: 9, byScript: true);
        }
    }

    /// <summary>The node is up again, and its kubelet finds nothing of this pod running.</summary>
    public void FoundDead()
    {
        if (_exitCode is null && _node.IsUp)
        {
            Exit(255);
        }
    }

    private void AwaitDomain(double period) => _world.Clock.After(period, () =>
    {
        if (!IsAlive || Machine is not null)
        {
            return;
        }

        if (_asked || ShutdownRequested)
        {
            End(new LauncherStatus { Reason = LauncherReasons.NotStarted, Message = "ended before there was a guest" }, 0);
        }
        else if (Domain.Read(Folder) is { } domain)
        {
            Start(domain);
        }
        else
        {
            AwaitDomain(Math.Min(period * 1.2, 5));
        }
    });

    private void Start(Domain domain)
    {
        var guest = _world.GuestOf(_key);
        if (guest is null)
        {
            End(new LauncherStatus { Reason = LauncherReasons.NotStarted, Message = "the VMI is gone" }, 0);
            return;
        }

        _status = new LauncherStatus { QemuPid = Pid + 1, StartedAt = _world.Clock.UtcNow };
        _status.Write(Folder);
        _world.Clock.After(_world.Between(0.05, 0.3), () =>
        {
            if (IsAlive)
            {
                HadMachine = true;
                Machine = new Machine(_world, _uid, Address, domain, guest) { Exited = Ended, IsDeaf = _world.Chance(0.05) };
                WatchForRequest();
            }
        });
    }

    private void Ended(int? code, int? signal)
    {
        var handedOver = File.Exists(System.IO.Path.Combine(Folder, DomainFolder.Migrated));
        var (reason, exit, message) = ExitReport.Decide(
            new ExitFacts(new ChildExit(code, signal), Machine!.ShutdownCause, handedOver, _killedByUs, ""));
        _world.Clock.After(_world.Between(0.002, 0.05), () =>
        {
            if (IsAlive)
            {
                End(_status with { ExitCode = code, Signal = signal, Reason = reason, Message = message }, exit);
            }
        });
    }

    private void End(LauncherStatus status, int code)
    {
        status.Write(Folder);
        Exit(code);
    }

    private void Exit(int code)
    {
        _exitCode = code;
        _world.Clock.After(_world.Between(0.05, 1), () => Report(code));
    }

    private void Report(int code)
    {
        if (!_node.IsUp)
        {
            _world.Clock.After(5, () => Report(code));
            return;
        }

        if (_world.Server.Get(Kinds.Pod, _key) is not { } pod || pod.Document.Uid() != _uid)
        {
            return;
        }

        Tell(code == 0 ? PodPhases.Succeeded : PodPhases.Failed, ready: false);
        if (pod.Document.Text("metadata", "deletionTimestamp") is not null)
        {
            Remove();
        }
    }

    /// <summary>The pod has ended and was to be deleted: the kubelet lets go of it.</summary>
    private void Remove() => _world.Clock.After(_world.Between(0.05, 0.5), () =>
    {
        if (_world.Server.Get(Kinds.Pod, _key) is { } pod && pod.Document.Uid() == _uid)
        {
            _world.Server.Delete(Kinds.Pod, _key, grace: 0);
        }
    });

    /// <summary>The object is gone: the kubelet removes what is left on the node.</summary>
    public void Forget()
    {
        Machine?.Die(code: null, signal: 9, byScript: false);
        _exitCode ??= 137;
        _node.Launchers.Remove(_uid);
        _world.Clock.After(0.2, () =>
        {
            var folder = System.IO.Path.Combine(_node.Root, "pods", _uid);
            if (Directory.Exists(folder))
            {
                Directory.Delete(folder, recursive: true);
            }
        });
    }

    /// <summary>Looks for the request to end, for as long as one may come: only a VMI on its way out brings it.</summary>
    public void WatchForRequest() => _world.Clock.After(0.5, () =>
    {
        if (!IsAlive || _asked || Machine is not { IsAlive: true })
        {
            return;
        }

        if (ShutdownRequested)
        {
            ShutDown();
        }
        else if (_world.IsUnwanted(Machine.Guest))
        {
            WatchForRequest();
        }
    });

    private bool ShutdownRequested => File.Exists(System.IO.Path.Combine(Folder, DomainFolder.ShutdownRequested));

    private void ShutDown()
    {
        if (_asked || !IsAlive)
        {
            return;
        }

        _asked = true;
        if (Machine is { IsAlive: true })
        {
            Press(_world.Clock.Seconds + Grace);
        }
    }

    private void Press(double until)
    {
        if (!IsAlive || Machine is not { IsAlive: true } machine)
        {
            return;
        }

        if (_world.Clock.Seconds >= until)
        {
            _killedByUs = true;
            machine.Terminate();
            return;
        }

        if (machine.RunState is RunStates.InMigrate or RunStates.Prelaunch)
        {
            machine.Terminate();
            return;
        }

        machine.PowerDown(_world.Between(0.5, 6).TotalSeconds);
        _world.Clock.After(5, () => Press(until));
    }

    private void Tell(string phase, bool ready) => _world.Server.Change(Kinds.Pod, _key, pod =>
    {
        if (pod.Uid() != _uid)
        {
            return;
        }

        var state = phase == PodPhases.Running
            ? new JsonObject { ["running"] = new JsonObject() }
            : new JsonObject { ["terminated"] = new JsonObject { ["exitCode"] = _exitCode } };
        pod["status"] = new JsonObject
        {
            ["phase"] = phase,
            ["podIP"] = Address,
            ["podIPs"] = new JsonArray(new JsonObject { ["ip"] = Address }),
            ["conditions"] = new JsonArray(
                new JsonObject { ["type"] = "PodScheduled", ["status"] = "True" },
                new JsonObject { ["type"] = "Ready", ["status"] = ready ? "True" : "False" }),
            ["containerStatuses"] = new JsonArray(new JsonObject
            {
                ["name"] = Types.Launcher.Container,
                ["ready"] = ready,
                ["restartCount"] = 0,
                ["state"] = state,
            }),
        };
    });
}
