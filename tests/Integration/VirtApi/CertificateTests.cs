using Godwit.Machinery;
using Godwit.Types;
using Godwit.VirtApi.Serving;
using Microsoft.Extensions.Logging.Abstractions;
using Shouldly;
using Xunit;

namespace Godwit.Integration.VirtApi;

/// <summary>Certificates as several replicas of virt-api keep them, by an API server.</summary>
public sealed class CertificateTests(VirtApiFixture cluster) : IClassFixture<VirtApiFixture>
{
    private static readonly NamespacedName Secret = new(Installation.Namespace, "shared-certs");
    private static readonly NamespacedName Service = new(Installation.Namespace, "virt-api");

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Replicas_agree_on_one_authority_and_certificate_from_the_start_and_through_a_rotation()
    {
        using var one = Replica();
        using var other = Replica();
        await Task.WhenAll(one.StartAsync(Ct), other.StartAsync(Ct));
        other.Material.ShouldBe(one.Material);
        var first = one.Material;
        var settled = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        one.Changed = other.Changed = () =>
        {
            if (one.Material == other.Material && one.Material.Authority != first.Authority)
            {
                settled.TrySetResult();
            }
        };
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Ct);
        var running = Task.WhenAll(one.RunAsync(stop.Token), other.RunAsync(stop.Token));

        await cluster.CreateAsync("""
            apiVersion: kubevirt.io/v1
            kind: KubeVirt
            metadata: {name: kubevirt, namespace: kubevirt}
            spec: {certificateRotateStrategy: {selfSigned: {ca: {duration: 8s, renewBefore: 6s}, server: {duration: 6s, renewBefore: 3s} } } }
            """);

        await settled.Task.WaitAsync(TimeSpan.FromSeconds(30), Ct);
        one.TrustBundle.ShouldContain(first.Authority.CertificatePem);
        PeerTrust.Refusal(one.Current, first.TrustBundle, "localhost", TimeProvider.System).ShouldBe("showed a certificate that none of the authorities trusted here has signed");
        PeerTrust.Refusal(other.Current, one.TrustBundle, "localhost", TimeProvider.System).ShouldBeNull();
        await stop.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(running);
    }

    [Fact]
    public async Task Lives_that_do_not_fit_are_refused_with_the_fields_name()
    {
        var refused = await Should.ThrowAsync<ApiException>(() => cluster.CreateAsync("""
            apiVersion: kubevirt.io/v1
            kind: KubeVirt
            metadata: {name: unfit, namespace: kubevirt}
            spec: {certificateRotateStrategy: {selfSigned: {server: {duration: 1h, renewBefore: 2h} } } }
            """));
        refused.Message.ShouldContain("spec.certificateRotateStrategy.selfSigned.server.renewBefore: must be shorter than spec.certificateRotateStrategy.selfSigned.server.duration: 2h is not less than 1h");
    }

    private ServingCertificates Replica() => new(cluster.Admin, Secret, Service, NullLogger.Instance, TimeProvider.System) { IsTrusted = static () => true };
}
