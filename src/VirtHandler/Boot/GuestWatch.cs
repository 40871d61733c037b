using Godwit.Machinery;
using Godwit.VirtHandler.Host;

namespace Godwit.VirtHandler.Boot;

/// <summary>The listening to one pod's QEMU. Only under the lock of the <see cref="GuestWatchers"/> that it belongs to.</summary>
internal sealed class GuestWatch(PodPlace place, NamespacedName vmi)
{
    private TaskCompletionSource _wake = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private TaskCompletionSource<GuestState?>? _asked;

    public PodPlace Place { get; } = place;

    public NamespacedName Vmi { get; } = vmi;

    public CancellationTokenSource Stop { get; } = new();

    /// <summary>What was last heard; null while there is no word from a QEMU.</summary>
    public GuestState? State { get; set; }

    /// <summary>Asks for a look that begins from now on; who asks before it begins shares it.</summary>
    public Task<GuestState?> Ask()
    {
        _asked ??= new TaskCompletionSource<GuestState?>(TaskCreationOptions.RunContinuationsAsynchronously);
        _wake.TrySetResult();
        return _asked.Task;
    }

    /// <summary>Takes the question that the look which begins now answers, if one was asked, and what tells of the next.</summary>
    public (TaskCompletionSource<GuestState?>? Asked, Task Wake) Take()
    {
        var asked = _asked;
        _asked = null;
        if (_wake.Task.IsCompleted)
        {
            _wake = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        return (asked, _wake.Task);
    }
}
