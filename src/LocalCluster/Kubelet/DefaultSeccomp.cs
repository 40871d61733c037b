using System.Text.Json.Nodes;

namespace Godwit.LocalCluster.Kubelet;

/// <summary>
/// The seccomp profile <c>RuntimeDefault</c>: refuses the system calls that container engines agree to refuse, but for those that a
/// capability of the container's stands for. Engines list what is allowed; here the refused are listed, so calls that are newer than
/// this list pass.
/// </summary>
public static class DefaultSeccomp
{
    private const string Refuse = "SCMP_ACT_ERRNO";
    private const int NotPermitted = 1;
    private const int NoSuchCall = 38;

    private static readonly string[] Never =
    [
        "_sysctl", "add_key", "bdflush", "create_module", "get_kernel_syms", "io_uring_enter", "io_uring_register", "io_uring_setup",
        "kexec_file_load", "kexec_load", "keyctl", "nfsservctl", "query_module", "request_key", "swapoff", "swapon", "sysfs", "uselib",
        "ustat", "vm86", "vm86old",
    ];

    private static readonly (string Capability, string[] Calls)[] WithCapability =
    [
        ("CAP_DAC_READ_SEARCH", ["open_by_handle_at"]),
        ("CAP_SYS_ADMIN",
        [
            "bpf", "fanotify_init", "fsconfig", "fsmount", "fsopen", "fspick", "lookup_dcookie", "mount", "mount_setattr", "move_mount",
            "open_tree", "perf_event_open", "pivot_root", "quotactl", "setdomainname", "sethostname", "setns", "umount", "umount2", "unshare",
        ]),
        ("CAP_SYS_BOOT", ["reboot"]),
        ("CAP_SYS_CHROOT", ["chroot"]),
        ("CAP_SYS_MODULE", ["delete_module", "finit_module", "init_module"]),
        ("CAP_SYS_NICE", ["get_mempolicy", "mbind", "migrate_pages", "move_pages", "set_mempolicy", "set_mempolicy_home_node"]),
        ("CAP_SYS_PACCT", ["acct"]),
        ("CAP_SYS_PTRACE", ["kcmp", "pidfd_getfd", "process_madvise", "process_vm_readv", "process_vm_writev", "userfaultfd"]),
        ("CAP_SYS_RAWIO", ["ioperm", "iopl"]),
        ("CAP_SYS_TIME", ["clock_adjtime", "clock_adjtime64", "clock_settime", "clock_settime64", "settimeofday", "stime"]),
        ("CAP_SYS_TTY_CONFIG", ["vhangup"]),
        ("CAP_SYSLOG", ["syslog"]),
    ];

    /// <summary>Bits of clone's flags that make namespaces (mount, cgroup, uts, ipc, user, pid, network).</summary>
    private static readonly long[] NewNamespace = [0x20000, 0x2000000, 0x4000000, 0x8000000, 0x10000000, 0x20000000, 0x40000000];

    /// <summary>The profile in the words of the OCI runtime specification.</summary>
    public static JsonObject For(IReadOnlyList<string> capabilities)
    {
        var refused = Never.Concat(WithCapability.Where(w => !capabilities.Contains(w.Capability, StringComparer.Ordinal)).SelectMany(w => w.Calls));
        var rules = new JsonArray(Rule([.. refused], NotPermitted));
        if (!capabilities.Contains("CAP_SYS_ADMIN", StringComparer.Ordinal))
        {
            // The flags of clone3 lie in memory, where no filter sees them; libraries that are told it does not exist use clone.
            rules.Add((JsonNode)Rule(["clone3"], NoSuchCall));
            foreach (var bit in NewNamespace)
            {
                var rule = Rule(["clone"], NotPermitted);
                rule["args"] = new JsonArray(new JsonObject { ["index"] = 0, ["value"] = bit, ["valueTwo"] = bit, ["op"] = "SCMP_CMP_MASKED_EQ" });
                rules.Add((JsonNode)rule);
            }
        }
        return new JsonObject
        {
            ["defaultAction"] = "SCMP_ACT_ALLOW",
            ["architectures"] = new JsonArray("SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"),
            ["syscalls"] = rules,
        };
    }

    private static JsonObject Rule(string[] names, int error) => new()
    {
        ["names"] = new JsonArray([.. names.Select(n => (JsonNode)n)]),
        ["action"] = Refuse,
        ["errnoRet"] = error,
    };
}
