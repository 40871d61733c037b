using Godwit.LocalCluster.ApiServer.BuiltIn.Strategies;
using Godwit.Machinery;
using Shouldly;
using Xunit;

namespace Godwit.Unit.LocalCluster.ApiServer;

public sealed class PodGraceTests
{
    /// <summary>Metadata, phase, what is asked for, and what the pod gets.</summary>
    [Theory]
    [InlineData("{}", "Running", null, 40)]
    [InlineData("{}", "Running", 630, 630)]
    [InlineData("{}", "Running", -1, 1)]
    [InlineData("{deletionGracePeriodSeconds: 630}", "Running", null, 630)]
    [InlineData("{deletionGracePeriodSeconds: 630}", "Running", 30, 30)]
    [InlineData("{deletionGracePeriodSeconds: 10}", "Running", null, 10)]
    [InlineData("{deletionGracePeriodSeconds: 630}", "Succeeded", null, 0)]
    public void A_second_deletion_that_names_no_period_takes_none_of_the_first_ones(string metadata, string phase, int? asked, int granted)
    {
        var pod = Yaml.Parse($$"""{ metadata: {{metadata}}, spec: { nodeName: node01, terminationGracePeriodSeconds: 40 }, status: { phase: {{phase}} } }""")!.AsObject();
        new PodStrategy().GracePeriod(pod, asked).ShouldBe(granted);
    }
}
