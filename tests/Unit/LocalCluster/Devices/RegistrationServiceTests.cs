using Godwit.DevicePlugins;
using Godwit.LocalCluster.Devices;
using Shouldly;
using Xunit;

namespace Godwit.Tests.Unit.LocalCluster.Devices;

public sealed class RegistrationServiceTests
{
    [Theory]
    [InlineData("v1beta1", "example.com/disk", "disk.sock", null)]
    [InlineData("v1alpha", "example.com/disk", "disk.sock", "version v1alpha")]
    [InlineData("v1beta1", "disk", "disk.sock", "resource_name disk")]
    [InlineData("v1beta1", "kubernetes.io/disk", "disk.sock", "other than kubernetes.io")]
    [InlineData("v1beta1", "node.kubernetes.io/disk", "disk.sock", "other than kubernetes.io")]
    [InlineData("v1beta1", "example.com/disk", "../disk.sock", "endpoint")]
    [InlineData("v1beta1", "example.com/disk", "", "endpoint")]
    public void A_registration_that_cannot_be_kept_is_refused_with_the_field_at_fault(string version, string resource, string endpoint, string? problem)
    {
        var found = RegistrationService.Problem(new RegisterRequest { Version = version, ResourceName = resource, Endpoint = endpoint });
        if (problem is null)
        {
            found.ShouldBeNull();
        }
        else
        {
            found.ShouldNotBeNull().ShouldContain(problem);
        }
    }
}
