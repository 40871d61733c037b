using System.Text.Json;
using System.Text.Json.Nodes;
using Godwit.Machinery;
using Godwit.Types;
using Godwit.VirtHandler.Migration;
using Xunit;

namespace Godwit.Integration.Migration;

/// <summary>One VMI as an API server would keep it: versions, JSON patches with tests, and a word to those who watch.</summary>
internal sealed class MemoryRecord : IMigrationRecord
{
    private readonly Lock _lock = new();
    private JsonNode _vmi;
    private long _version = 1;
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public MemoryRecord(VirtualMachineInstance vmi)
    {
        _vmi = JsonSerializer.SerializeToNode(vmi, TypesJson.Default.VirtualMachineInstance)!;
        _vmi["metadata"]!["resourceVersion"] = "1";
    }

    public MigrationCredentials? Credentials { get; set; }

    public List<string> Events { get; } = [];

    /// <summary>Called with each new state of the VMI.</summary>
    public Action<VirtualMachineInstance>? Watch { get; set; }

    /// <summary>Words with which the server refuses a patch; null: it takes it.</summary>
    public Func<JsonArray, string?>? Refuse { get; set; }

    /// <summary>Whether the server never answers a patch, though it may one day carry it out.</summary>
    public Func<JsonArray, bool>? Keep { get; set; }

    /// <summary>Puts something else into a patch than its sender meant.</summary>
    public Action<JsonArray>? Alter { get; set; }

    public VirtualMachineInstance Now
    {
        get
        {
            lock (_lock)
            {
                return Typed();
            }
        }
    }

    public Task<VirtualMachineInstance?> ReadAsync(CancellationToken cancellationToken) => Task.FromResult<VirtualMachineInstance?>(Now);

    public async Task<VirtualMachineInstance?> PatchAsync(JsonArray patch, CancellationToken cancellationToken)
    {
        if (Keep?.Invoke(patch) == true)
        {
            await Task.Delay(Timeout.Infinite, cancellationToken);
        }

        Alter?.Invoke(patch);
        if (Refuse?.Invoke(patch) is { } words)
        {
            throw new ApiException(new ApiCall("patch", "virtualmachineinstances", "guest"), new ApiStatus { Code = 422, Reason = "Invalid", Message = words });
        }

        VirtualMachineInstance result;
        TaskCompletionSource changed;
        lock (_lock)
        {
            try
            {
                _vmi = JsonPatch.Apply(_vmi, patch)!;
            }
            catch (JsonPatchException)
            {
                return null;
            }

            _vmi["metadata"]!["resourceVersion"] = $"{++_version}";
            result = Typed();
            changed = _changed;
            _changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        Watch?.Invoke(result);
        changed.TrySetResult();
        return result;
    }

    public Task<PodEnd?> PodEndAsync(string podName, CancellationToken cancellationToken) => Task.FromResult<PodEnd?>(new("127.0.0.1", ["127.0.0.1"], null));

    public Task<MigrationCredentials?> CredentialsAsync(string migrationUid, CancellationToken cancellationToken) => Task.FromResult(Credentials);

    public void Event(VirtualMachineInstance vmi, string type, string reason, string message)
    {
        lock (_lock)
        {
            Events.Add($"{reason}: {message}");
        }
    }

    public async Task<VirtualMachineInstance> UntilAsync(Func<VirtualMachineInstance, bool> match, TimeSpan deadline)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        patience.CancelAfter(deadline);
        while (true)
        {
            Task changed;
            VirtualMachineInstance now;
            lock (_lock)
            {
                changed = _changed.Task;
                now = Typed();
            }

            if (match(now))
            {
                return now;
            }

            try
            {
                await changed.WaitAsync(patience.Token);
            }
            catch (OperationCanceledException e)
            {
                throw new TimeoutException(
                    $"the record never came to it: {JsonSerializer.Serialize(now.Status, TypesJson.Default.VirtualMachineInstanceStatus)}", e);
            }
        }
    }

    private VirtualMachineInstance Typed() => _vmi.Deserialize(TypesJson.Default.VirtualMachineInstance)!;
}
