using System.Diagnostics;
using System.Globalization;
using Godwit.Machinery;

namespace Godwit.Perf.Peers;

/// <summary>
/// A libvirtd in namespaces of its own. It holds on to nothing outside but its folder, and the kernel ends all of it when this
/// program ends, however it does.
/// </summary>
internal sealed class LibvirtNode : IAsyncDisposable
{
    private readonly Process _process;

    private LibvirtNode(Process process, string folder, int number)
    {
        _process = process;
        Folder = folder;
        Number = number;
    }

    public string Folder { get; }

    public int Number { get; }

    /// <summary>The process that all others of this node come from.</summary>
    public int Pid => _process.Id;

    public string Name => NameOf(Number);

    public string Address => AddressOf(Number);

    /// <summary>Where its Unix sockets lie; the node itself knows the folder as /run.</summary>
    public string Run => Path.Combine(Folder, "run");

    public string Uri => $"qemu+unix:///system?socket={Run}/libvirt/libvirt-sock";

    public static string NameOf(int number) => string.Create(CultureInfo.InvariantCulture, $"libvirt{number}");

    public static string AddressOf(int number) => string.Create(CultureInfo.InvariantCulture, $"10.98.77.{number}");

    /// <summary>Lays out the folder and makes the namespaces; libvirtd itself starts with <see cref="GoAsync"/>.</summary>
    public static async Task<LibvirtNode> CreateAsync(string folder, int number, CertificateAuthority authority, CancellationToken ct)
    {
        foreach (var name in new[] { "run", "lib", "cache", "log", "etc", "etc/pki" })
        {
            Directory.CreateDirectory(Path.Combine(folder, name));
        }

        await WriteAsync("etc/qemu.conf", """
            security_driver = "none"
            user = "root"
            group = "root"
            cgroup_controllers = []
            namespaces = []
            stdio_handler = "file"
            migrate_tls_x509_cert_dir = "/etc/libvirt/pki"
            migrate_tls_x509_verify = 1
            """);
        // libvirt refuses to migrate to a host with its own UUID.
        await WriteAsync("etc/libvirtd.conf", $"""
            listen_tls = 0
            listen_tcp = 1
            auth_tcp = "none"
            auth_unix_rw = "none"
            host_uuid = "{Guid.NewGuid()}"
            """);
        // It asks for this user though nothing runs as it, and looks its own name and the other's up.
        await WriteAsync("passwd", await File.ReadAllTextAsync("/etc/passwd", ct) + "libvirt-qemu:x:64055:64055::/:/usr/sbin/nologin\n");
        await WriteAsync("group", await File.ReadAllTextAsync("/etc/group", ct) + "libvirt-qemu:x:64055:\n");
        await WriteAsync("hosts", $"127.0.0.1 localhost\n{AddressOf(1)} {NameOf(1)}\n{AddressOf(2)} {NameOf(2)}\n");
        var pair = authority.Issue(new LeafRequest(NameOf(number)) { DnsNames = [NameOf(number)], Server = true, Client = true, KeyEncipherment = true });
        await WriteAsync("etc/pki/ca-cert.pem", authority.CertificatePem);
        foreach (var role in new[] { "server", "client" })
        {
            await WriteAsync($"etc/pki/{role}-cert.pem", pair.CertificatePem);
            await WriteAsync($"etc/pki/{role}-key.pem", pair.KeyPem);
        }

        var script = Path.Combine(AppContext.BaseDirectory, "Peers", "libvirt-node.sh");
        var info = new ProcessStartInfo("unshare", ["-m", "-n", "-u", "-p", "--fork", "--kill-child", "--mount-proc", script, folder, NameOf(number)])
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
        };
        return new LibvirtNode(Process.Start(info)!, folder, number);

        Task WriteAsync(string name, string text) => File.WriteAllTextAsync(Path.Combine(folder, name), text, ct);
    }

    public async Task GoAsync(CancellationToken ct)
    {
        await _process.StandardInput.WriteAsync("go\n".AsMemory(), ct);
        await _process.StandardInput.FlushAsync(ct);
    }

    /// <summary>The node's process of that program, by its number outside; the latest where there are several.</summary>
    public int PidOf(string program) => HostProcesses.Tree(Pid).Last(p => Path.GetFileName(p.Command.Split(' ')[0]) == program).Pid;

    public bool HasEnded => _process.HasExited;

    public string Log => File.ReadAllText(Path.Combine(Folder, "log", "libvirtd.log"));

    public async ValueTask DisposeAsync()
    {
        _process.StandardInput.Close();
        await _process.WaitForExitAsync();
        _process.Dispose();
    }
}
