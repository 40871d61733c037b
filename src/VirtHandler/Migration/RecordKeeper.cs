using System.Text.Json.Nodes;
using Godwit.Machinery;
using Godwit.Types;

namespace Godwit.VirtHandler.Migration;

/// <summary>The newest reading of one VMI that is known here, and how long ago the server was heard.</summary>
internal sealed class RecordKeeper(IMigrationRecord record, VirtualMachineInstance first, TimeProvider time)
{
    private static readonly TimeSpan FreshFor = TimeSpan.FromSeconds(5);

    private readonly Lock _lock = new();
    private VirtualMachineInstance _vmi = first;
    private long _heard = time.GetTimestamp();
    private long _answered = time.GetTimestamp();
    private readonly AnswerTimes _times = new();

    public VirtualMachineInstance Vmi
    {
        get
        {
            lock (_lock)
            {
                return _vmi;
            }
        }
    }

    public IMigrationRecord Record => record;

    public bool IsFresh => time.GetElapsedTime(Interlocked.Read(ref _heard)) < FreshFor;

    /// <summary>
    /// How long ago the youngest question was asked that has been answered: for so long, at most, may the server have been silent.
    /// News from a watch does not count, for it may have been on its way for long.
    /// </summary>
    public TimeSpan SinceAnswer => time.GetElapsedTime(Interlocked.Read(ref _answered));

    /// <summary>How long the slowest of the last answers took.</summary>
    public TimeSpan AnswerTime => _times.Slowest;

    /// <summary>The question that was asked beside the work; it never fails.</summary>
    public Task Asking { get; private set; } = Task.CompletedTask;

    /// <summary>The VMI does not exist any more.</summary>
    public bool IsGone { get; private set; }

    /// <summary>Takes a reading from a watch or an answer; an older one than we have is dropped.</summary>
    public void Take(VirtualMachineInstance vmi)
    {
        lock (_lock)
        {
            _vmi = VmiView.Newer(_vmi, vmi);
        }

        Interlocked.Exchange(ref _heard, time.GetTimestamp());
    }

    /// <summary>Asks the server without waiting for it, unless an earlier question stands.</summary>
    public void AskBeside(CancellationToken cancellationToken)
    {
        if (Asking.IsCompleted)
        {
            Asking = AskAsync(cancellationToken);
        }
    }

    /// <summary>Asks the server; false when it does not answer.</summary>
    public async Task<bool> RefreshAsync(CancellationToken cancellationToken)
    {
        var asked = time.GetTimestamp();
        try
        {
            if (await record.ReadAsync(cancellationToken) is { } vmi)
            {
                Take(vmi);
            }
            else
            {
                IsGone = true;
            }

            Answered(asked);
            return true;
        }
        catch (ApiException)
        {
            return false;
        }
    }

    /// <summary>Why the last writing was refused, in the server's words; null when it was not, or when only a test in it did not hold.</summary>
    public string? Refusal { get; private set; }

    /// <summary>Writes; whatever the outcome, the newest reading is taken. False: refused, or unknown.</summary>
    public async Task<bool> WriteAsync(JsonArray patch, CancellationToken cancellationToken)
    {
        Refusal = null;
        var asked = time.GetTimestamp();
        try
        {
            if (await record.PatchAsync(patch, cancellationToken) is { } written)
            {
                Take(written);
                Answered(asked);
                return true;
            }
        }
        catch (ApiException e)
        {
            // Without an answer it may have taken effect: only a reading tells.
            Refusal = e.Message;
        }

        await RefreshAsync(cancellationToken);
        return false;
    }

    private async Task AskAsync(CancellationToken cancellationToken)
    {
        try
        {
            await RefreshAsync(cancellationToken);
        }
        catch (OperationCanceledException)
        {
            // The work ends, and with it the wish to know.
        }
    }

    private void Answered(long asked)
    {
        _times.Note(time.GetElapsedTime(asked));
        lock (_lock)
        {
            _answered = Math.Max(_answered, asked);
        }
    }
}
