using System.Diagnostics;
using Godwit.Qemu;
using Xunit;

namespace Godwit.Integration.Qemu;

/// <summary>The project's own guest, built once, and domains that run it.</summary>
internal static class TestGuest
{
    private static readonly SemaphoreSlim Building = new(1, 1);
    private static bool _built;

    public static string Repository()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "Godwit.slnx")))
        {
            folder = folder.Parent;
        }

        return folder?.FullName ?? throw new InvalidOperationException("not inside the repository");
    }

    /// <summary>A machine of the given size; the CPU, the machine and the devices are as the product chooses them.</summary>
    public static HardwareDefinition Hardware(int memoryMiB, params string[] disks) => HardwarePlanner.Plan(new HardwareRequest
    {
        MachineType = "pc-q35-10.0",
        CpuModel = CpuModels.Default,
        MemoryBytes = (long)memoryMiB << 20,
        Uuid = "6f0e8a52-59d9-4ef5-a3c2-6ec1f7b6b0f1",
        Accelerator = AcceleratorInfo.Tcg,
        Disks = [.. disks.Select(d => new DiskRequest(d))],
        AgentChannel = true,
    });

    /// <summary>The domain of such a machine in <paramref name="folder"/>, with the guest's own kernel words.</summary>
    public static async Task<Domain> DomainAsync(
        HardwareDefinition hardware, string folder, string words, bool incoming = false, Func<string, DiskBinding>? disk = null)
    {
        var guest = await BuildAsync();
        return Domain.Create(
            hardware,
            new BackendBindings
            {
                Name = "test",
                Folder = folder,
                Kernel = new KernelBinding($"{guest}/vmlinuz", $"{guest}/initrd.gz", $"console=ttyS0 quiet no_timer_check {words}"),
                PreallocateMemory = incoming,
                Disks = hardware.Devices.Where(d => DeviceKinds.IsDisk(d.Kind)).ToDictionary(d => d.Id, d => disk!(d.Id), StringComparer.Ordinal),
            },
            incoming);
    }

    private static async Task<string> BuildAsync()
    {
        var folder = Path.Combine(Repository(), "artifacts", "guest");
        await Building.WaitAsync(TestContext.Current.CancellationToken);
        try
        {
            if (!_built)
            {
                await RunAsync(Path.Combine(Repository(), "guest", "build.sh"), folder);
                _built = true;
            }
        }
        finally
        {
            Building.Release();
        }

        return folder;
    }

    /// <summary>Runs a tool to its end; its failure is the test's.</summary>
    public static async Task RunAsync(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments)
        {
            RedirectStandardError = true,
            RedirectStandardOutput = true,
            UseShellExecute = false,
        })!;
        var output = process.StandardOutput.ReadToEndAsync();
        var error = await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        if (process.ExitCode != 0)
        {
            throw new InvalidOperationException($"{program} failed: {error} {await output}");
        }
    }
}
