namespace Godwit.LocalCluster.ApiServer.Admission;

/// <summary>
/// A gate that every write passes. All plugins mutate first, in their order; the schema's checks follow; then all validate.
/// To refuse, throw a <see cref="Errors.StatusException"/>.
/// </summary>
public interface IAdmissionPlugin
{
    Task MutateAsync(AdmissionRequest request, CancellationToken cancellationToken) => Task.CompletedTask;

    Task ValidateAsync(AdmissionRequest request, CancellationToken cancellationToken) => Task.CompletedTask;
}
