using System.Diagnostics;
using Godwit.Qemu;
using Godwit.VirtHandler.Host;
using Godwit.VirtHandler.Migration;
using Shouldly;
using Xunit;

namespace Godwit.Integration.VirtHandler;

/// <summary>A pod's folder, in which user 107, as whom a QEMU runs that was broken out of, plants what it likes.</summary>
public sealed class PodFolderTests : IDisposable
{
    private const UnixFileMode Everybody = (UnixFileMode)0x1FF;
    private readonly string _root = Directory.CreateTempSubdirectory("godwit-pod-folder-").FullName;

    public PodFolderTests()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "needs root: another user plants the links");
        File.SetUnixFileMode(_root, Everybody);
        Directory.CreateDirectory(Pod);
        File.SetUnixFileMode(Pod, Everybody);
        Directory.CreateDirectory(Outside);
        File.WriteAllText(Secret, "untouched");
    }

    private string Pod => Path.Combine(_root, "pod");

    private string Outside => Path.Combine(_root, "outside");

    private string Secret => Path.Combine(Outside, "secret");

    [Fact]
    public void A_folder_of_roots_stays_in_its_place()
    {
        var own = PodFolder.Own(Pod, "disks");
        PodFolder.Own(Pod, "disks").ShouldBe(own);
        As107("mv", own, $"{Pod}/moved").ShouldNotBe(0);
        As107("rmdir", own).ShouldNotBe(0);
        As107("touch", $"{own}/planted").ShouldNotBe(0);
        As107("touch", $"{Pod}/its-own").ShouldBe(0, "the rest of the folder is the launcher's as before");
    }

    [Fact]
    public void A_link_or_a_folder_in_the_place_of_roots_is_refused()
    {
        As107("ln", "-s", Outside, $"{Pod}/tls").ShouldBe(0);
        As107("mkdir", $"{Pod}/disks").ShouldBe(0);

        Should.Throw<IOException>(() => PodFolder.Own(Pod, "tls")).Message.ShouldContain($"{Pod}/tls");
        Should.Throw<IOException>(() => PodFolder.Own(Pod, "disks")).Message.ShouldContain("was not made by root");
        var credentials = new MigrationCredentials("ca", "source", "source key", "target", "target key");
        Should.Throw<MigrationException>(() => credentials.Write(Pod, "uid", source: true));
        ShouldBeUntouched();
    }

    [Fact]
    public void A_note_takes_the_place_of_a_planted_link()
    {
        As107("ln", "-s", Secret, $"{Pod}/released").ShouldBe(0);
        PodFolder.Write(Pod, "released", "uid");
        File.ReadAllText($"{Pod}/released").ShouldBe("uid");
        new FileInfo($"{Pod}/released").LinkTarget.ShouldBeNull();
        ShouldBeUntouched();
    }

    [Fact]
    public void The_domain_is_not_written_through_a_link_under_its_temporary_name()
    {
        var temporary = $"{Pod}/{DomainFolder.Status}.{Environment.ProcessId}.tmp";
        As107("ln", "-s", Secret, temporary).ShouldBe(0);
        new LauncherStatus { Reason = LauncherReasons.Crashed }.Write(Pod);
        File.Exists($"{Pod}/{DomainFolder.Status}").ShouldBeTrue();
        ShouldBeUntouched();
    }

    [Fact]
    public void What_is_read_is_no_file_of_the_nodes()
    {
        As107("ln", "-s", Secret, $"{Pod}/screen.png").ShouldBe(0);
        Should.Throw<IOException>(() => PodFolder.Read(Pod, "screen.png"));
        File.WriteAllText($"{Pod}/plain.png", "x");
        PodFolder.Read(Pod, "plain.png").ShouldBe("x"u8.ToArray());
    }

    [Fact]
    public void A_folder_that_is_not_roots_is_not_used()
    {
        var theirs = Path.Combine(_root, "theirs");
        As107("mkdir", theirs).ShouldBe(0);
        Should.Throw<IOException>(() => PodFolder.Own(theirs, "disks")).Message.ShouldContain("belongs to user 107");
        Directory.EnumerateFileSystemEntries(theirs).ShouldBeEmpty();
    }

    public void Dispose() => Directory.Delete(_root, recursive: true);

    private void ShouldBeUntouched()
    {
        Directory.EnumerateFileSystemEntries(Outside).ShouldBe([Secret]);
        File.ReadAllText(Secret).ShouldBe("untouched");
        File.GetUnixFileMode(Outside).ShouldNotBe(Everybody);
    }

    private static int As107(params string[] command)
    {
        using var process = Process.Start(new ProcessStartInfo("setpriv", ["--reuid=107", "--regid=107", "--clear-groups", .. command]) { RedirectStandardError = true, UseShellExecute = false })!;
        process.StandardError.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode;
    }
}
