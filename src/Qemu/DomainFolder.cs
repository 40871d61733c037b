namespace Godwit.Qemu;

/// <summary>The names in a domain's folder: the meeting place of the agent outside, the launcher inside and QEMU.</summary>
public static class DomainFolder
{
    /// <summary>The <see cref="Domain"/>; written once, by rename.</summary>
    public const string Domain = "domain.json";

    /// <summary>QMP for the agent's commands.</summary>
    public const string ControlSocket = "control.sock";

    /// <summary>QMP for the agent's watching.</summary>
    public const string WatchSocket = "watch.sock";

    /// <summary>QMP for the launcher alone.</summary>
    public const string LauncherSocket = "launcher.sock";

    /// <summary>The guest's serial port as QEMU offers it, to one client.</summary>
    public const string QemuSerialSocket = "serial-qemu.sock";

    /// <summary>The guest's serial port as the launcher offers it, to many clients.</summary>
    public const string SerialSocket = "serial.sock";

    public const string VncSocket = "vnc.sock";

    /// <summary>The channel of the agent inside the guest, to one client.</summary>
    public const string AgentSocket = "agent.sock";

    /// <summary>QEMU's own messages.</summary>
    public const string QemuLog = "qemu.log";

    /// <summary><see cref="LauncherStatus"/>, by rename.</summary>
    public const string Status = "status.json";

    /// <summary>While it exists the launcher does not exit though QEMU has, whoever asks it to.</summary>
    public const string Stay = "stay";

    /// <summary>Says that the guest now lives elsewhere: QEMU's end is then no crash.</summary>
    public const string Migrated = "migrated";

    /// <summary>Written before a guest that came by migration is told to run: from then on this copy may have run.</summary>
    public const string Released = "released";

    /// <summary>Asks for an orderly shut-down.</summary>
    public const string ShutdownRequested = "shutdown-requested";

    public const string Disks = "disks";

    public const string Tls = "tls";
}
