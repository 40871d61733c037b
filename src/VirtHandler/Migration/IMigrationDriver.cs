using Godwit.Qemu;

namespace Godwit.VirtHandler.Migration;

/// <summary>One side of one migration, step by step.</summary>
internal interface IMigrationDriver : IAsyncDisposable
{
    /// <summary>The monitor whose events should wake the driver; null while there is none.</summary>
    QmpClient? Monitor { get; }

    Task<StepResult> StepAsync(CancellationToken cancellationToken);
}
