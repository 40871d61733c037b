using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Godwit.Qemu;

/// <summary>A QEMU's version, and what follows from it.</summary>
public sealed partial record QemuVersion(int Major, int Minor, int Micro, string Package)
{
    /// <summary>The oldest version the product works with.</summary>
    public static QemuVersion Minimum { get; } = new(10, 0, 0, "");

    /// <summary>The newest versioned q35 machine of this QEMU. Micro releases make no machine types.</summary>
    public string MachineType => $"pc-q35-{Major}.{Minor}";

    /// <summary>Reads the first line of <c>qemu-system-x86_64 --version</c>.</summary>
    public static QemuVersion? FromBanner(string banner)
    {
        var match = Banner().Match(banner);
        return match.Success
            ? new QemuVersion(Number(match, "major"), Number(match, "minor"), Number(match, "micro"), match.Groups["package"].Value)
            : null;
    }

    /// <summary>Reads the return value of <c>query-version</c> (the greeting has the same).</summary>
    public static QemuVersion FromQmp(JsonElement version)
    {
        var qemu = version.GetProperty("qemu");
        return new QemuVersion(
            qemu.GetProperty("major").GetInt32(),
            qemu.GetProperty("minor").GetInt32(),
            qemu.GetProperty("micro").GetInt32(),
            version.TryGetProperty("package", out var package) ? package.GetString() ?? "" : "");
    }

    /// <summary>Asks a binary for its version.</summary>
    public static async Task<QemuVersion> ProbeAsync(string binary, CancellationToken cancellationToken)
    {
        var result = await HostProcess.RunAsync(binary, ["--version"], TimeSpan.FromSeconds(20), cancellationToken).ConfigureAwait(false);
        return FromBanner(result.Output)
            ?? throw new InvalidOperationException($"{binary} --version said '{result.Output.Trim()}{result.Error.Trim()}', which names no QEMU version");
    }

    /// <summary>
    /// Null when this version can be used, else what is wrong and what helps. Before 9.0 a live migration under emulation
    /// loses dirty pages without an error (QEMU commit 03bfc2188f), so an old QEMU is refused rather than trusted.
    /// </summary>
    public string? Unsuitable() => (Major, Minor, Micro).CompareTo((Minimum.Major, Minimum.Minor, Minimum.Micro)) >= 0
        ? null
        : $"QEMU {this} is too old: {Minimum.Major}.{Minimum.Minor} or newer is needed (older ones lose memory pages when a guest moves under emulation). "
          + "On Debian 12 install package qemu-system-x86 from suite bookworm-backports: apt-get install -t bookworm-backports qemu-system-x86 qemu-utils";

    public override string ToString() => $"{Major}.{Minor}.{Micro}";

    private static int Number(Match match, string group) => int.Parse(match.Groups[group].ValueSpan, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"version (?<major>\d{1,6})\.(?<minor>\d{1,6})\.(?<micro>\d{1,6})(\s*\((?<package>.*?)\))?(\s|$)", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Banner();
}
