using Godwit.Cli;
using Godwit.Cli.Host;
using Shouldly;
using Xunit;

namespace Godwit.Tests.Unit.Cli;

public sealed class StartTurnTests
{
    private readonly string _name = $"\0godwit-test-{Guid.NewGuid()}";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_second_start_waits_for_the_end_of_the_first()
    {
        var first = await StartTurn.TakeAsync(new(TimeSpan.FromSeconds(5), TimeProvider.System), Ct, _name);
        var second = StartTurn.TakeAsync(new(TimeSpan.FromSeconds(5), TimeProvider.System), Ct, _name);
        second.IsCompleted.ShouldBeFalse();

        first.Dispose();

        (await second).Dispose();
    }

    [Fact]
    public async Task One_that_waits_for_too_long_says_for_what()
    {
        using var first = await StartTurn.TakeAsync(new(TimeSpan.FromSeconds(5), TimeProvider.System), Ct, _name);

        var late = await Should.ThrowAsync<CliException>(() => StartTurn.TakeAsync(new(TimeSpan.Zero, TimeProvider.System), Ct, _name));

        late.Message.ShouldBe("Waited 0 s for another cluster's start: it is still choosing its ports and networks.");
    }
}
