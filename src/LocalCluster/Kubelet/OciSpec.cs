using System.Text.Json.Nodes;

namespace Godwit.LocalCluster.Kubelet;

/// <summary>Writes the runtime's configuration of a container; pure.</summary>
public static class OciSpec
{
    /// <summary>What containers may do when nothing else is said: the set that container engines agree on.</summary>
    public static readonly IReadOnlyList<string> DefaultCapabilities =
    [
        "CAP_AUDIT_WRITE", "CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FOWNER", "CAP_FSETID", "CAP_KILL", "CAP_MKNOD", "CAP_NET_BIND_SERVICE",
        "CAP_NET_RAW", "CAP_SETFCAP", "CAP_SETGID", "CAP_SETPCAP", "CAP_SETUID", "CAP_SYS_CHROOT",
    ];

    private static readonly string[] MaskedPaths =
    [
        "/proc/acpi", "/proc/kcore", "/proc/keys", "/proc/latency_stats", "/proc/timer_list", "/proc/timer_stats", "/proc/sched_debug",
        "/proc/scsi", "/sys/firmware",
    ];

    private static readonly string[] ReadOnlyPaths = ["/proc/asound", "/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"];

    /// <summary>Device nodes that every container has (and the pseudo terminals).</summary>
    private static readonly (char Type, long? Major, long? Minor)[] CommonDevices =
        [('c', 1, 3), ('c', 1, 5), ('c', 1, 7), ('c', 1, 8), ('c', 1, 9), ('c', 5, 0), ('c', 5, 2), ('c', 136, null)];

    public static JsonObject Build(ContainerLaunch launch) => new()
    {
        ["ociVersion"] = "1.0.2",
        ["annotations"] = new JsonObject(launch.Annotations.Select(a => KeyValuePair.Create(a.Key, (JsonNode?)a.Value))),
        ["process"] = Process(launch),
        ["root"] = new JsonObject { ["path"] = launch.RootPath, ["readonly"] = launch.ReadOnlyRoot },
        ["hostname"] = launch.Hostname,
        ["mounts"] = new JsonArray([.. SystemMounts(launch).Concat(launch.Mounts).Select(Mount)]),
        ["linux"] = Linux(launch),
    };

    /// <summary>Which capabilities remain after what the container adds and drops; <c>ALL</c> means <paramref name="available"/>.</summary>
    public static IReadOnlyList<string> CapabilitiesOf(
        bool privileged, IReadOnlyList<string>? add, IReadOnlyList<string>? drop, IReadOnlyList<string> available)
    {
        if (privileged)
        {
            return available;
        }
        var set = new SortedSet<string>(DefaultCapabilities, StringComparer.Ordinal);
        if (Contains(add, "ALL"))
        {
            set.UnionWith(available);
        }
        if (Contains(drop, "ALL"))
        {
            set.Clear();
        }
        set.UnionWith(Named(add));
        set.ExceptWith(Named(drop));
        set.IntersectWith(available);
        return [.. set];
    }

    private static bool Contains(IReadOnlyList<string>? names, string name) =>
        names?.Contains(name, StringComparer.OrdinalIgnoreCase) == true;

    private static IEnumerable<string> Named(IReadOnlyList<string>? names) => (names ?? [])
        .Select(n => n.ToUpperInvariant())
        .Where(n => n != "ALL")
        .Select(n => n.StartsWith("CAP_", StringComparison.Ordinal) ? n : $"CAP_{n}");

    private static JsonObject Process(ContainerLaunch launch)
    {
        var capabilities = new JsonObject();
        foreach (var set in (string[])["bounding", "effective", "permitted"])
        {
            // A user other than root keeps only what files and ambient sets give, as in every engine: nothing effective.
            var empty = launch.User != 0 && set != "bounding";
            capabilities[set] = empty ? new JsonArray() : Strings(launch.Capabilities);
        }
        return new()
        {
            ["terminal"] = launch.Tty,
            ["user"] = new JsonObject
            {
                ["uid"] = launch.User,
                ["gid"] = launch.Group,
                ["additionalGids"] = new JsonArray([.. launch.AdditionalGroups.Select(g => (JsonNode)g)]),
            },
            ["args"] = Strings(launch.Arguments),
            ["env"] = Strings(launch.Environment),
            ["cwd"] = launch.WorkingDirectory,
            ["capabilities"] = capabilities,
            ["noNewPrivileges"] = launch.NoNewPrivileges,
        };
    }

    private static IEnumerable<OciMount> SystemMounts(ContainerLaunch launch)
    {
        var mode = launch.Privileged ? "rw" : "ro";
        yield return new("/proc", "proc", "proc", "nosuid", "noexec", "nodev");
        if (launch.Privileged)
        {
            yield return OciMount.Bind("/dev", "/dev", readOnly: false, "rslave");
        }
        else
        {
            yield return new("/dev", "tmpfs", "tmpfs", "nosuid", "strictatime", "mode=755", "size=65536k");
            yield return new("/dev/pts", "devpts", "devpts", "nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5");
            yield return new("/dev/shm", "tmpfs", "shm", "nosuid", "noexec", "nodev", "mode=1777", "size=65536k");
            yield return new("/dev/mqueue", "mqueue", "mqueue", "nosuid", "noexec", "nodev");
        }
        yield return new("/sys", "sysfs", "sysfs", "nosuid", "noexec", "nodev", mode);
        yield return new("/sys/fs/cgroup", "cgroup", "cgroup", "nosuid", "noexec", "nodev", "relatime", mode);
    }

    private static JsonObject Mount(OciMount mount) => new()
    {
        ["destination"] = mount.Destination,
        ["type"] = mount.Type,
        ["source"] = mount.Source,
        ["options"] = Strings(mount.Options),
    };

    private static JsonObject Linux(ContainerLaunch launch)
    {
        var namespaces = new JsonArray(
            new JsonObject { ["type"] = "mount" },
            new JsonObject { ["type"] = "uts" },
            new JsonObject { ["type"] = "network", ["path"] = launch.NetworkNamespacePath });
        if (!launch.HostPid)
        {
            namespaces.Add((JsonNode)new JsonObject { ["type"] = "pid" });
        }
        if (!launch.HostIpc)
        {
            namespaces.Add((JsonNode)new JsonObject { ["type"] = "ipc" });
        }
        var linux = new JsonObject
        {
            ["namespaces"] = namespaces,
            ["cgroupsPath"] = launch.CgroupsPath,
            ["resources"] = Resources(launch),
            ["devices"] = new JsonArray([.. launch.Privileged ? [] : launch.Devices.Select(Device)]),
        };
        if (launch.Sysctls.Count > 0)
        {
            linux["sysctl"] = new JsonObject(launch.Sysctls.Select(s => KeyValuePair.Create(s.Key, (JsonNode?)s.Value)));
        }
        if (launch.Seccomp)
        {
            linux["seccomp"] = DefaultSeccomp.For(launch.Capabilities);
        }
        if (!launch.Privileged)
        {
            linux["maskedPaths"] = Strings(MaskedPaths);
            linux["readonlyPaths"] = Strings(ReadOnlyPaths);
        }
        return linux;
    }

    private static JsonObject Resources(ContainerLaunch launch)
    {
        var cpu = new JsonObject { ["shares"] = Math.Max(2, launch.CpuRequestMilli * 1024 / 1000) };
        if (launch.CpuLimitMilli > 0)
        {
            cpu["period"] = 100_000;
            cpu["quota"] = Math.Max(1000, launch.CpuLimitMilli * 100);
        }
        var rules = new JsonArray();
        if (launch.Privileged)
        {
            rules.Add((JsonNode)new JsonObject { ["allow"] = true, ["access"] = "rwm" });
        }
        else
        {
            rules.Add((JsonNode)new JsonObject { ["allow"] = false, ["access"] = "rwm" });
            var common = CommonDevices.Select(d => (d.Type, d.Major, d.Minor, Access: "rwm"));
            foreach (var (type, major, minor, access) in common.Concat(launch.Devices.Select(d => (d.Type, (long?)d.Major, (long?)d.Minor, d.Access))))
            {
                var rule = new JsonObject { ["allow"] = true, ["type"] = type.ToString(), ["access"] = access };
                if (major is { } a)
                {
                    rule["major"] = a;
                }
                if (minor is { } b)
                {
                    rule["minor"] = b;
                }
                rules.Add((JsonNode)rule);
            }
        }
        var resources = new JsonObject { ["cpu"] = cpu, ["devices"] = rules };
        if (launch.MemoryLimit > 0)
        {
            resources["memory"] = new JsonObject { ["limit"] = launch.MemoryLimit };
        }
        return resources;
    }

    private static JsonNode Device(OciDevice device) => new JsonObject
    {
        ["path"] = device.Path,
        ["type"] = device.Type.ToString(),
        ["major"] = device.Major,
        ["minor"] = device.Minor,
        ["fileMode"] = device.Mode,
        ["uid"] = device.User,
        ["gid"] = device.Group,
    };

    private static JsonArray Strings(IEnumerable<string> values) => [.. values.Select(v => (JsonNode)v)];
}
