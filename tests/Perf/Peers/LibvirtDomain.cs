using System.Xml.Linq;
using Godwit.Qemu;

namespace Godwit.Perf.Peers;

/// <summary>The same guest in libvirt's words.</summary>
internal static class LibvirtDomain
{
    /// <summary>The guest's name.</summary>
    public const string Name = "bench";

    public const string ConsoleSocket = "console.sock";

    /// <summary>A second monitor, to hear QEMU's own times as from the other drivers' QEMUs; nobody commands there.</summary>
    public const string WatchSocket = "watch.sock";

    private static readonly XNamespace Qemu = "http://libvirt.org/schemas/domain/qemu/1.0";

    /// <param name="model">A guest of Godwit's: machine, processor and emulator are its.</param>
    /// <param name="kernel">The kernel as the nodes see it.</param>
    /// <param name="initrd">Likewise.</param>
    /// <param name="memoryMiB">The guest's memory.</param>
    public static XElement Describe(Domain model, string kernel, string initrd, int memoryMiB) => new(
        "domain",
        new XAttribute("type", "qemu"),
        new XAttribute(XNamespace.Xmlns + "qemu", Qemu),
        new XElement("name", Name),
        new XElement("memory", new XAttribute("unit", "MiB"), memoryMiB),
        new XElement("vcpu", 1),
        new XElement(
            "os",
            new XElement("type", new XAttribute("arch", "x86_64"), new XAttribute("machine", After(model, "-machine")), "hvm"),
            new XElement("kernel", kernel),
            new XElement("initrd", initrd),
            new XElement("cmdline", PeerBench.KernelArguments(memoryMiB))),
        new XElement("features", new XElement("acpi"), new XElement("apic")),
        new XElement("cpu", new XAttribute("mode", "custom"), new XAttribute("match", "exact"), new XAttribute("check", "none"), new XElement("model", new XAttribute("fallback", "forbid"), After(model, "-cpu"))),
        new XElement(
            "devices",
            new XElement("emulator", OnPath(model.Binary)),
            new XElement("controller", new XAttribute("type", "usb"), new XAttribute("model", "none")),
            new XElement("serial", new XAttribute("type", "unix"), new XElement("source", new XAttribute("mode", "bind"), new XAttribute("path", $"/run/{ConsoleSocket}"))),
            new XElement("memballoon", new XAttribute("model", "virtio"), new XAttribute("autodeflate", "on"), new XAttribute("freePageReporting", "on"))),
        new XElement(
            Qemu + "commandline",
            new XElement(Qemu + "arg", new XAttribute("value", "-qmp")),
            new XElement(Qemu + "arg", new XAttribute("value", $"unix:/run/{WatchSocket},server=on,wait=off"))));

    /// <summary>libvirt wants the whole path.</summary>
    private static string OnPath(string binary) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Select(folder => Path.Combine(folder, binary)).FirstOrDefault(File.Exists) ?? binary;

    private static string After(Domain model, string option) => model.Arguments.SkipWhile(argument => argument != option).ElementAt(1).Split(',')[0];
}
