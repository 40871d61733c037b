using System.Text.Json.Nodes;
using Godwit.Machinery;
using Godwit.Types;

namespace Godwit.VirtHandler.Migration;

/// <summary>The newest reading of one VMI that is known here, and how long ago the server was heard.</summary>
internal sealed class RecordKeeper(IMigrationRecord record, VirtualMachineInstance first, TimeProvider time)
{
    private static readonly TimeSpan FreshFor = TimeSpan.FromSeconds(5);

    /// <summary>An answer that takes longer is as good as none: the guest may be standing still for it, and another try may be quicker.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    /// <summary>After so long a question that was asked beside the work is asked once more; the first may still be answered.</summary>
    private static readonly TimeSpan AskAnew = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private VirtualMachineInstance _vmi = first;
    private long _heard = time.GetTimestamp();
    private long _answered = time.GetTimestamp();
    private readonly AnswerTimes _times = new();
    private Task _youngest = Task.CompletedTask;
    private long _asked;

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

    /// <summary>The questions that were asked beside the work; they never fail.</summary>
    public Task Asking { get; private set; } = Task.CompletedTask;

    /// <summary>Called when the answer to a question that was asked beside the work is news.</summary>
    public Action? News { get; set; }

    /// <summary>The VMI does not exist any more.</summary>
    public bool IsGone { get; private set; }

    /// <summary>Takes a reading from a watch or an answer. False: it is not newer than what we have, and was dropped.</summary>
    public bool Take(VirtualMachineInstance vmi)
    {
        bool isNews;
        lock (_lock)
        {
            var newest = VmiView.Newer(_vmi, vmi);
            isNews = !ReferenceEquals(newest, _vmi);
            _vmi = newest;
        }

        Interlocked.Exchange(ref _heard, time.GetTimestamp());
        return isNews;
    }

    /// <summary>Asks the server without waiting for it, unless a question stands that may still be answered soon.</summary>
    public void AskBeside(CancellationToken cancellationToken)
    {
        if (_youngest.IsCompleted || time.GetElapsedTime(_asked) >= AskAnew)
        {
            _asked = time.GetTimestamp();
            _youngest = AskAsync(cancellationToken);
            Asking = Task.WhenAll(Asking, _youngest);
        }
    }

    /// <summary>Why the last writing was refused, in the server's words; null when it was not, or when only a test in it did not hold.</summary>
    public string? Refusal { get; private set; }

    /// <summary>The last writing was not answered in time.</summary>
    public bool IsUnanswered { get; private set; }

    /// <summary>Writes; whatever the outcome, the newest reading is taken. False: refused, or unknown.</summary>
    public async Task<bool> WriteAsync(JsonArray patch, CancellationToken cancellationToken)
    {
        (Refusal, IsUnanswered) = (null, false);
        var asked = time.GetTimestamp();
        using var patience = new CancellationTokenSource(Patience, time);
        using var wanted = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, patience.Token);
        try
        {
            if (await record.PatchAsync(patch, wanted.Token) is { } written)
            {
                Take(written);
                Answered(asked);
                return true;
            }
        }
        catch (Exception e) when (e is ApiException || IsImpatience(e, cancellationToken))
        {
            // Without an answer it may have taken effect: only a reading tells.
            Refusal = e is ApiException ? e.Message : $"no answer within {Patience.TotalSeconds:0} s";
            IsUnanswered = e is not ApiException { IsTimeout: false };
        }

        await RefreshAsync(cancellationToken);
        return false;
    }

    // Whether the answer is news.
    private async Task<bool> RefreshAsync(CancellationToken cancellationToken)
    {
        bool isNews;
        var asked = time.GetTimestamp();
        using var patience = new CancellationTokenSource(Patience, time);
        using var wanted = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, patience.Token);
        try
        {
            if (await record.ReadAsync(wanted.Token) is { } vmi)
            {
                isNews = Take(vmi);
            }
            else
            {
                isNews = !IsGone;
                IsGone = true;
            }

            Answered(asked);
            return isNews;
        }
        catch (Exception e) when (e is ApiException || IsImpatience(e, cancellationToken))
        {
            return false;
        }
    }

    private async Task AskAsync(CancellationToken cancellationToken)
    {
        try
        {
            if (await RefreshAsync(cancellationToken))
            {
                News?.Invoke();
            }
        }
        catch (Exception)
        {
            // The work ends, and with it the wish to know; whatever else it was shows again at the next question.
        }
    }

    private static bool IsImpatience(Exception e, CancellationToken cancellationToken) =>
        e is OperationCanceledException && !cancellationToken.IsCancellationRequested;

    private void Answered(long asked)
    {
        _times.Note(time.GetElapsedTime(asked));
        lock (_lock)
        {
            _answered = Math.Max(_answered, asked);
        }
    }
}
