using Godwit.Qemu;
using Godwit.VirtHandler.Migration;
using Microsoft.Extensions.Time.Testing;
using Shouldly;
using Xunit;

namespace Godwit.Unit.VirtHandler.Migration;

public sealed class RefusedWriteTests
{
    private readonly FakeTimeProvider _clock = new();
    private readonly RefusedWrite _refused;

    public RefusedWriteTests() => _refused = new RefusedWrite(_clock);

    [Fact]
    public void A_guest_is_let_go_on_at_once_and_then_less_and_less_often()
    {
        _refused.IsDue(RunStates.Running).ShouldBeFalse();
        _refused.IsDue(RunStates.IoError).ShouldBeTrue();
        foreach (var pause in new[] { 1, 2, 4, 8, 10, 10 })
        {
            _refused.Note();
            _refused.IsDue(RunStates.Running).ShouldBeFalse();
            _clock.Advance(TimeSpan.FromSeconds(pause - 0.1));
            _refused.IsDue(RunStates.IoError).ShouldBeFalse($"it was to wait for {pause} s");
            _clock.Advance(TimeSpan.FromSeconds(0.1));
            _refused.IsDue(RunStates.IoError).ShouldBeTrue();
        }
    }

    [Fact]
    public void One_that_ran_on_and_is_stopped_later_is_let_go_on_at_once_again()
    {
        _refused.Note();
        _refused.Note();
        _clock.Advance(TimeSpan.FromSeconds(1.1));
        _refused.IsDue(RunStates.Running).ShouldBeFalse();
        _refused.IsDue(RunStates.IoError).ShouldBeTrue();
        _refused.Note();
        _clock.Advance(TimeSpan.FromSeconds(1));
        _refused.IsDue(RunStates.IoError).ShouldBeTrue();
    }
}
