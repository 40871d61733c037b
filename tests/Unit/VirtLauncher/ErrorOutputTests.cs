using Godwit.VirtLauncher;
using Shouldly;
using Xunit;

namespace Godwit.Unit.VirtLauncher;

public sealed class ErrorOutputTests
{
    [Fact]
    public void QEMUs_messages_keep_the_time_that_they_begin_with_and_its_hints_get_a_mark() =>
        ErrorOutput.OfQemu("2026-11-26T18:23:02.159954Z qemu-system-x86_64: Cannot read\nUnable to shutdown socket\n")
            .ShouldBe("2026-11-26T18:23:02.159954Z qemu-system-x86_64: Cannot read\nvirt-launcher: QEMU: Unable to shutdown socket\n");

    [Fact]
    public void Each_line_of_a_message_of_the_launchers_says_whose_it_is() =>
        ErrorOutput.OfLauncher("default/demo: QEMU ended with 1: a\n2026-11-26T18:23:02.159954Z b").ShouldBe(
            "virt-launcher: default/demo: QEMU ended with 1: a\nvirt-launcher: 2026-11-26T18:23:02.159954Z b\n");

    [Fact]
    public void A_last_line_that_was_never_ended_is_ended() =>
        ErrorOutput.OfQemu("last words").ShouldBe("virt-launcher: QEMU: last words\n");
}
