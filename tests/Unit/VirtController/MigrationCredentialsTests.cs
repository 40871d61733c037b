using System.Security.Cryptography.X509Certificates;
using System.Text;
using Godwit.Types;
using Godwit.VirtController;
using Shouldly;
using Xunit;

namespace Godwit.Unit.VirtController;

public sealed class MigrationCredentialsTests
{
    private static readonly MigrationState State =
        new() { MigrationUid = "m1", SourcePodUID = "source-uid", TargetPodUID = "target-uid" };

    [Fact]
    public void Each_end_is_named_by_its_pod_and_signed_by_the_migrations_own_authority()
    {
        var secret = MigrationCredentials.Create(State, TimeProvider.System);
        (secret.Metadata.Namespace, secret.Metadata.Name).ShouldBe(("kubevirt", "migration-m1"));
        using var authority = Certificate(secret, "ca.crt");
        using var source = Certificate(secret, "source.crt");
        using var target = Certificate(secret, "target.crt");
        source.Subject.ShouldBe("CN=source-uid");
        target.MatchesHostname("target-uid").ShouldBeTrue();
        foreach (var leaf in new[] { source, target })
        {
            using var chain = new X509Chain();
            chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
            chain.ChainPolicy.CustomTrustStore.Add(authority);
            chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
            chain.Build(leaf).ShouldBeTrue();
            var usage = leaf.Extensions.OfType<X509KeyUsageExtension>().Single().KeyUsages;
            usage.ShouldBe(X509KeyUsageFlags.DigitalSignature | X509KeyUsageFlags.KeyEncipherment);
        }
    }

    [Fact]
    public void The_authoritys_key_is_kept_nowhere() =>
        MigrationCredentials.Create(State, TimeProvider.System).Data!.Keys.ShouldNotContain("ca.key");

    private static X509Certificate2 Certificate(Secret secret, string key) =>
        X509Certificate2.CreateFromPem(Encoding.UTF8.GetString(Convert.FromBase64String(secret.Data![key])));
}
