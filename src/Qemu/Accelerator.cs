namespace Godwit.Qemu;

/// <summary>
/// Finds out by trying how guests can be run here. That /dev/kvm opens says little: on some hosts it runs a BIOS and hangs
/// at the first 64-bit instruction.
/// </summary>
public static class Accelerator
{
    private static readonly TimeSpan KvmDeadline = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan TcgDeadline = TimeSpan.FromSeconds(60);

    /// <summary>
    /// Probes, or takes the answer kept in <paramref name="cacheFile"/> when QEMU, kernel and /dev/kvm are the same as then.
    /// Throws with the remedy when QEMU is missing, too old, or cannot run a guest at all.
    /// </summary>
    public static async Task<AcceleratorInfo> ProbeAsync(
        string binary = "qemu-system-x86_64", string? cacheFile = null, CancellationToken cancellationToken = default)
    {
        var version = await QemuVersion.ProbeAsync(binary, cancellationToken).ConfigureAwait(false);
        if (version.Unsuitable() is { } problem)
        {
            throw new NotSupportedException(problem);
        }

        var key = $"{binary} {version} {version.Package}; {Environment.OSVersion.VersionString}; /dev/kvm {(CanOpenKvm() is { } no ? no : "opens")}";
        if (Kept(cacheFile) is { } kept && kept.Key == key)
        {
            return kept;
        }

        var folder = ProbeFolder(cacheFile);
        try
        {
            var rom = Path.Combine(folder.FullName, "probe.bin");
            await File.WriteAllBytesAsync(rom, ProbeGuest.Rom(), cancellationToken).ConfigureAwait(false);
            var (name, reason) = await ChooseAsync(binary, rom, cancellationToken).ConfigureAwait(false);
            var info = new AcceleratorInfo
            {
                Name = name,
                Reason = reason,
                Qemu = new QemuVersionText(version.Major, version.Minor, version.Micro, version.Package),
                Key = key,
            };
            if (cacheFile is not null)
            {
                AtomicFile.Write(cacheFile, info, QemuJson.Default.AcceleratorInfo);
            }

            return info;
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    /// <summary>Beside the cache: one that is killed meanwhile leaves nothing outside its owner's folder, and the next finds it.</summary>
    private static DirectoryInfo ProbeFolder(string? cacheFile) =>
        cacheFile is null ? Directory.CreateTempSubdirectory("accelerator-") : Directory.CreateDirectory($"{cacheFile}.probe");

    private static async Task<(string Name, string Reason)> ChooseAsync(string binary, string rom, CancellationToken cancellationToken)
    {
        var whyNot = CanOpenKvm();
        if (whyNot is null)
        {
            whyNot = await RunAsync(binary, AcceleratorInfo.Kvm, rom, KvmDeadline, cancellationToken).ConfigureAwait(false);
            if (whyNot is null)
            {
                return (AcceleratorInfo.Kvm, "/dev/kvm ran a 64-bit guest");
            }

            whyNot = $"/dev/kvm opens but runs no 64-bit guest ({whyNot})";
        }

        var broken = await RunAsync(binary, AcceleratorInfo.Tcg, rom, TcgDeadline, cancellationToken).ConfigureAwait(false);
        return broken is null
            ? (AcceleratorInfo.Tcg, $"{whyNot}; guests are emulated (TCG), which is slower")
            : throw new NotSupportedException($"{binary} can run no guest: {whyNot}; emulation failed too ({broken})");
    }

    /// <summary>Null when the guest came to its end, else what happened.</summary>
    private static async Task<string?> RunAsync(
        string binary, string accelerator, string rom, TimeSpan deadline, CancellationToken cancellationToken)
    {
        string[] arguments =
        [
            "-accel", accelerator, "-machine", "pc", "-cpu", "qemu64", "-m", "16", "-nodefaults", "-no-user-config", "-display", "none",
            "-no-reboot", "-bios", rom, "-device", "isa-debug-exit,iobase=0xf4,iosize=0x04",
        ];
        var result = await HostProcess.RunAsync(binary, arguments, deadline, cancellationToken).ConfigureAwait(false);
        if (result.ExitCode == ProbeGuest.ExitCode)
        {
            return null;
        }

        var said = result.Error.Trim().ReplaceLineEndings("; ");
        return result.TimedOut
            ? $"no sign of life within {deadline.TotalSeconds:0} s"
            : $"QEMU ended with {result.ExitCode}{(said.Length > 0 ? ": " + said : "")}";
    }

    private static string? CanOpenKvm()
    {
        const string Device = "/dev/kvm";
        if (!File.Exists(Device))
        {
            return "there is no /dev/kvm";
        }

        try
        {
            using var handle = File.OpenHandle(Device, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
            return null;
        }
        catch (Exception e) when (e is UnauthorizedAccessException or IOException)
        {
            return $"/dev/kvm cannot be opened ({e.Message})";
        }
    }

    private static AcceleratorInfo? Kept(string? cacheFile)
    {
        if (cacheFile is null)
        {
            return null;
        }

        try
        {
            return AtomicFile.Read(cacheFile, QemuJson.Default.AcceleratorInfo);
        }
        catch (InvalidDataException)
        {
            // A spoilt cache is only a reason to probe again.
            return null;
        }
    }
}
