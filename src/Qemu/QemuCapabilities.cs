using System.ComponentModel;
using System.Diagnostics;

namespace Godwit.Qemu;

/// <summary>What the QEMU of this host offers: the machine types and CPU models that a node can be labelled with.</summary>
public sealed record QemuCapabilities(QemuVersion Version, IReadOnlyList<string> MachineTypes, IReadOnlyList<string> CpuModels)
{
    private static readonly TimeSpan StartDeadline = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan ProbeDeadline = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan PollPeriod = TimeSpan.FromMilliseconds(20);

    /// <summary>
    /// Asks, or takes the answer kept in <paramref name="cacheFile"/> when QEMU, accelerator and boot are the same as then:
    /// an agent that is started again has guests to look after.
    /// </summary>
    public static async Task<QemuCapabilities> ProbeAsync(
        string binary, AcceleratorInfo accelerator, string? cacheFile, CancellationToken cancellationToken, TimeProvider? time = null)
    {
        var key = $"{accelerator.Name}; {accelerator.Key}; boot {BootId()}";
        if (Kept(cacheFile) is { } kept && kept.Key == key)
        {
            return new QemuCapabilities(kept.Qemu.ToVersion(), kept.MachineTypes, kept.CpuModels);
        }

        var found = await ProbeAsync(binary, accelerator.Name, cancellationToken, time).ConfigureAwait(false);
        if (cacheFile is not null)
        {
            var version = new QemuVersionText(found.Version.Major, found.Version.Minor, found.Version.Micro, found.Version.Package);
            AtomicFile.Write(cacheFile, new KeptCapabilities(key, version, [.. found.MachineTypes], [.. found.CpuModels]), QemuJson.Default.KeptCapabilities);
        }

        return found;
    }

    /// <summary>Starts a QEMU without a guest under <paramref name="accelerator"/>, asks it, and ends it.</summary>
    public static async Task<QemuCapabilities> ProbeAsync(
        string binary, string accelerator, CancellationToken cancellationToken, TimeProvider? time = null)
    {
        time ??= TimeProvider.System;
        var folder = Directory.CreateTempSubdirectory("capabilities-");
        using var process = new Process();
        process.StartInfo = HostProcess.Bounded(
            binary,
            [
                "-accel", accelerator, "-machine", "none", "-nodefaults", "-no-user-config", "-display", "none", "-S",
                "-qmp", $"unix:{folder.FullName}/qmp.sock,server=on,wait=off",
            ],
            ProbeDeadline);
        try
        {
            try
            {
                process.Start();
            }
            catch (Win32Exception e)
            {
                throw HostProcess.Missing(binary, e.Message, e);
            }

            await using var qmp = await ConnectAsync(process, folder.FullName, time, cancellationToken).ConfigureAwait(false);
            var machines = await qmp.QueryMachinesAsync(cancellationToken).ConfigureAwait(false);
            var cpus = await qmp.QueryCpuDefinitionsAsync(cancellationToken).ConfigureAwait(false);
            return new QemuCapabilities(
                qmp.Greeting.Version,
                [.. machines.Where(m => !m.Deprecated && m.Name.StartsWith("pc-q35-", StringComparison.Ordinal)).Select(m => m.Name).Order(StringComparer.Ordinal)],
                Qemu.CpuModels.Usable(cpus));
        }
        finally
        {
            if (!HasEnded(process))
            {
                process.Kill(entireProcessTree: true);
                await process.WaitForExitAsync(CancellationToken.None).ConfigureAwait(false);
            }

            folder.Delete(recursive: true);
        }
    }

    private static string BootId()
    {
        const string File = "/proc/sys/kernel/random/boot_id";
        return System.IO.File.Exists(File) ? System.IO.File.ReadAllText(File).Trim() : "";
    }

    private static KeptCapabilities? Kept(string? cacheFile)
    {
        try
        {
            return cacheFile is null ? null : AtomicFile.Read(cacheFile, QemuJson.Default.KeptCapabilities);
        }
        catch (InvalidDataException)
        {
            // A spoilt cache is only a reason to ask again.
            return null;
        }
    }

    private static bool HasEnded(Process process)
    {
        try
        {
            return process.HasExited;
        }
        catch (InvalidOperationException)
        {
            // It was never started.
            return true;
        }
    }

    private static async Task<QmpClient> ConnectAsync(
        Process process, string folder, TimeProvider time, CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        while (true)
        {
            try
            {
                return await QmpClient.ConnectAsync(folder, "qmp.sock", cancellationToken: cancellationToken).ConfigureAwait(false);
            }
            catch (System.Net.Sockets.SocketException) when (!process.HasExited && time.GetElapsedTime(started) < StartDeadline)
            {
                await Task.Delay(PollPeriod, time, cancellationToken).ConfigureAwait(false);
            }
        }
    }
}
