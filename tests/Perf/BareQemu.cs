using System.Diagnostics;
using System.Net.Sockets;
using Godwit.Perf.Peers;
using Godwit.Qemu;

namespace Godwit.Perf;

/// <summary>
/// One QEMU started by hand with the very arguments that Godwit gave its own; only paths, the network's far side and the
/// sandbox's absence of a pod differ.
/// </summary>
internal sealed class BareQemu : IAsyncDisposable
{
    private const string PodFolder = "/var/run/godwit/";
    private const string ImageFolder = "/var/run/godwit-images/kernel-boot/boot/";
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);
    private readonly Process _process;

    private BareQemu(Process process, GuestConsole console, QmpClient qmp, string folder)
    {
        _process = process;
        Console = console;
        Qmp = qmp;
        Folder = folder;
    }

    public int Pid => _process.Id;

    public GuestConsole Console { get; }

    public QmpClient Qmp { get; }

    public string Folder { get; }

    public static async Task<BareQemu> StartAsync(Domain domain, string folder, string kernel, BarePlace place, GuestTicks ticks, CancellationToken ct)
    {
        var arguments = domain.Arguments.Select(a => Translate(a, folder, kernel)).ToArray();
        // nsenter becomes QEMU: it is one process all the time.
        var process = Process.Start(new ProcessStartInfo("nsenter", [$"--net=/run/netns/{place.NetworkNamespace}", domain.Binary, .. arguments]))!;
        try
        {
            var console = await GuestConsole.ConnectAsync(folder, DomainFolder.QemuSerialSocket, ticks, ct);
            var options = new QmpClientOptions { ConnectDeadline = Patience, CommandDeadline = Patience };
            var qmp = await ConnectAsync(() => QmpClient.ConnectAsync(folder, DomainFolder.ControlSocket, options, ct), process, ct);
            return new BareQemu(process, console, qmp, folder);
        }
        catch
        {
            process.Kill();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await Qmp.DisposeAsync();
        await Console.DisposeAsync();
        if (!_process.HasExited)
        {
            _process.Kill();
            await _process.WaitForExitAsync();
        }

        _process.Dispose();
        if (Directory.Exists(Folder))
        {
            Directory.Delete(Folder, recursive: true);
        }
    }

    private static string Translate(string argument, string folder, string kernel)
    {
        if (argument.StartsWith("tap,", StringComparison.Ordinal))
        {
            var id = argument.Split(',').First(p => p.StartsWith("id=", StringComparison.Ordinal));
            return $"hubport,{id},hubid=0";
        }

        return argument.Replace(ImageFolder, kernel + "/", StringComparison.Ordinal)
            .Replace(PodFolder, folder + "/", StringComparison.Ordinal)
            .Replace("mg.ip=dhcp", "mg.ip=10.0.2.2/24", StringComparison.Ordinal);
    }

    private static async Task<T> ConnectAsync<T>(Func<Task<T>> connect, Process process, CancellationToken ct)
    {
        while (true)
        {
            try
            {
                return await connect();
            }
            catch (SocketException) when (!process.HasExited)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System, ct);
            }
        }
    }
}
