using Godwit.Types;
using Godwit.VirtHandler.Forwarding;
using Shouldly;
using Xunit;

namespace Godwit.Unit.VirtHandler.Forwarding;

public sealed class ForwardingSettingsTests
{
    [Fact]
    public void Connections_are_kept_unless_somebody_says_otherwise() =>
        ForwardingSettings.For(Given.Vmi(), new MigrationState()).ShouldBe(new ForwardingSettings("10.0.2.2", 600, 30));

    [Fact]
    public void It_can_be_switched_off() =>
        ForwardingSettings.For(Given.Vmi(), With(new ConnectionForwarding { Enabled = false })).ShouldBeNull();

    [Fact]
    public void Times_are_taken_from_the_migrations_configuration() =>
        ForwardingSettings.For(Given.Vmi(), With(new ConnectionForwarding { MaxSeconds = 60, DrainSeconds = 0 }))
            .ShouldBe(new ForwardingSettings("10.0.2.2", 60, 0));

    [Fact]
    public void A_guest_without_a_network_has_nothing_to_keep()
    {
        var vmi = Given.Vmi();
        vmi = vmi with { Spec = vmi.Spec! with { Domain = vmi.Spec.Domain! with { Devices = vmi.Spec.Domain.Devices! with { Interfaces = [] } } } };

        ForwardingSettings.For(vmi, new MigrationState()).ShouldBeNull();
    }

    private static MigrationState With(ConnectionForwarding forwarding) =>
        new() { MigrationConfiguration = new MigrationConfiguration { ConnectionForwarding = forwarding } };
}
