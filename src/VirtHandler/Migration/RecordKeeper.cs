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

    /// <summary>Asks the server; false when it does not answer.</summary>
    public async Task<bool> RefreshAsync(CancellationToken cancellationToken)
    {
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
        try
        {
            if (await record.PatchAsync(patch, cancellationToken) is { } written)
            {
                Take(written);
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
}
