using System.IO.Pipelines;
using System.Text;
using Godwit.Cli.Demo;
using Microsoft.Extensions.Time.Testing;
using Shouldly;
using Xunit;

namespace Godwit.Unit.Cli;

public sealed class KeptConnectionTests
{
    private readonly FakeTimeProvider _clock = new();
    private readonly Pipe _there = new();
    private readonly Pipe _back = new();

    [Fact]
    public async Task A_connection_lives_when_the_line_after_the_stop_comes_back_too()
    {
        var kept = new KeptConnection(_clock, TimeSpan.Zero);
        using var stop = new CancellationTokenSource();
        var talk = kept.TalkAsync(Connection(), stop.Token);
        await HearAsync("kept 0\n");
        await SayAsync("kept 0\n");
        await HearAsync("kept 1\n");
        await stop.CancelAsync();
        await SayAsync("kept 1\n");
        await HearAsync("kept 2\n");
        kept.Lives.ShouldBeFalse("the line after the stop has not come back");
        await SayAsync("kept 2\n");
        await talk;
        (kept.Lives, kept.Errors).ShouldBe((true, 0L));
    }

    [Theory]
    [InlineData("kept 9\n")]
    [InlineData("")]
    public async Task One_that_breaks_or_answers_wrongly_is_an_error_and_no_more_is_said(string answer)
    {
        var kept = new KeptConnection(_clock, TimeSpan.Zero);
        var talk = kept.TalkAsync(Connection(), CancellationToken.None);
        await HearAsync("kept 0\n");
        await SayAsync(answer);
        await _back.Writer.CompleteAsync();
        await talk;
        (kept.Lives, kept.Errors).ShouldBe((false, 1L));
    }

    [Fact]
    public async Task One_that_is_silent_for_ten_seconds_is_broken()
    {
        var kept = new KeptConnection(_clock, TimeSpan.Zero);
        var talk = kept.TalkAsync(Connection(), CancellationToken.None);
        await HearAsync("kept 0\n");
        _clock.Advance(TimeSpan.FromSeconds(9));
        talk.IsCompleted.ShouldBeFalse();
        _clock.Advance(TimeSpan.FromSeconds(1));
        await talk;
        (kept.Lives, kept.Errors).ShouldBe((false, 1L));
    }

    [Fact]
    public async Task What_cannot_be_reached_is_an_error()
    {
        var kept = new KeptConnection(_clock, TimeSpan.Zero);
        await kept.RunAsync("127.0.0.1", 0, CancellationToken.None);
        (kept.Lives, kept.Errors).ShouldBe((false, 1L));
    }

    private Duplex Connection() => new(_back.Reader.AsStream(), _there.Writer.AsStream());

    private async Task HearAsync(string expected)
    {
        var read = await _there.Reader.ReadAtLeastAsync(expected.Length, TestContext.Current.CancellationToken);
        Encoding.ASCII.GetString(read.Buffer).ShouldBe(expected);
        _there.Reader.AdvanceTo(read.Buffer.End);
    }

    private async Task SayAsync(string line) => await _back.Writer.WriteAsync(Encoding.ASCII.GetBytes(line), TestContext.Current.CancellationToken);

    /// <summary>Reads from the one and writes into the other.</summary>
    private sealed class Duplex(Stream read, Stream write) : Stream
    {
        public override bool CanRead => true;

        public override bool CanWrite => true;

        public override bool CanSeek => false;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => read.ReadAsync(buffer, cancellationToken);

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) => write.WriteAsync(buffer, cancellationToken);

        public override void Flush() => write.Flush();

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();
    }
}
