using Godwit.VirtHandler.Host;
using Shouldly;
using Xunit;

namespace Godwit.Integration.VirtHandler;

/// <summary>Files that root hands to the launcher, in a folder where the launcher may put links.</summary>
public sealed class LauncherUserTests : IDisposable
{
    private const UnixFileMode Everybody = UnixFileMode.UserRead | UnixFileMode.GroupRead | UnixFileMode.OtherRead;
    private readonly string _folder = Directory.CreateTempSubdirectory("godwit-launcher-user-").FullName;

    [Fact]
    public void A_file_that_is_handed_over_is_for_nobody_else_to_read()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "needs root: it gives files away");
        var file = Path.Combine(_folder, "disk");
        File.WriteAllText(file, "x");
        LauncherUser.GiveAlone(file);
        File.GetUnixFileMode(file).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }

    [Fact]
    public void A_link_is_refused_and_what_it_points_to_stays_as_it_was()
    {
        var file = Path.Combine(_folder, "another's");
        File.WriteAllText(file, "x");
        File.SetUnixFileMode(file, Everybody);
        var link = Path.Combine(_folder, "disk");
        File.CreateSymbolicLink(link, file);
        Should.Throw<IOException>(() => LauncherUser.GiveAlone(link)).Message.ShouldContain("cannot be given to user 107");
        Should.Throw<IOException>(() => LauncherUser.Show(link));
        File.GetUnixFileMode(file).ShouldBe(Everybody);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
