using System.Text;
using Godwit.VirtLauncher;
using Shouldly;
using Xunit;

namespace Godwit.Unit.VirtLauncher;

public sealed class WholeLinesTests
{
    private readonly WholeLines _lines = new();

    [Fact]
    public void A_message_that_comes_in_pieces_is_let_go_as_one()
    {
        Take("2026-11-25T17:53:41Z ").ShouldBe("");
        Take("qemu-system-x86_64: ").ShouldBe("");
        Take("Channel error\nnext").ShouldBe("2026-11-25T17:53:41Z qemu-system-x86_64: Channel error\n");
        Take(" one\n").ShouldBe("next one\n");
    }

    [Fact]
    public void What_has_no_end_comes_when_there_is_no_more()
    {
        Take("last words").ShouldBe("");
        Encoding.ASCII.GetString(_lines.Rest()).ShouldBe("last words");
        _lines.Rest().ShouldBeEmpty();
    }

    [Fact]
    public void A_line_without_end_is_not_kept_for_ever()
    {
        Take(new string('x', 4095)).ShouldBe("");
        Take("y").Length.ShouldBe(4096);
    }

    private string Take(string text) => Encoding.ASCII.GetString(_lines.Take(Encoding.ASCII.GetBytes(text)));
}
