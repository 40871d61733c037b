using Godwit.LocalCluster.ApiServer.BuiltIn;
using Shouldly;
using Xunit;

namespace Godwit.Unit.LocalCluster.ApiServer;

public sealed class NodePortsTests
{
    private readonly NodePorts _ports = new();

    [Fact]
    public void A_port_outside_of_the_range_is_refused()
    {
        _ports.Take(80).ShouldBe("provided port is not in the valid range. The range of valid ports is 30000-32767");
        _ports.Take(32768).ShouldNotBeNull();
        _ports.Take(30000).ShouldBeNull();
    }

    [Fact]
    public void A_port_is_given_out_once_until_it_is_given_back()
    {
        _ports.Take(30080).ShouldBeNull();
        _ports.Take(30080).ShouldBe("provided port is already allocated");
        _ports.Release([30080]);
        _ports.Take(30080).ShouldBeNull();
    }

    [Fact]
    public void When_all_are_taken_there_is_none()
    {
        var all = Enumerable.Range(0, 2768).Select(_ => _ports.Take()).ToList();
        all.ShouldAllBe(p => p >= 30000 && p <= 32767);
        all.Distinct().Count().ShouldBe(2768);
        _ports.Take().ShouldBeNull();
    }
}
