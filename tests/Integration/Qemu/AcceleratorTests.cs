using Godwit.Qemu;
using Shouldly;
using Xunit;

namespace Godwit.Integration.Qemu;

public sealed class AcceleratorTests
{
    [Fact]
    public async Task The_probe_runs_a_guest_and_keeps_its_answer()
    {
        var cache = Path.Combine(Path.GetTempPath(), $"accelerator-{Guid.NewGuid():N}.json");
        try
        {
            var first = await Accelerator.ProbeAsync(cacheFile: cache, cancellationToken: TestContext.Current.CancellationToken);
            var second = await Accelerator.ProbeAsync(cacheFile: cache, cancellationToken: TestContext.Current.CancellationToken);

            first.Name.ShouldBeOneOf(AcceleratorInfo.Kvm, AcceleratorInfo.Tcg);
            first.Reason.ShouldNotBeEmpty();
            second.ShouldBe(first);
        }
        finally
        {
            File.Delete(cache);
        }
    }

    [Fact]
    public async Task A_missing_QEMU_is_named_with_the_package_that_brings_it()
    {
        var e = await Should.ThrowAsync<FileNotFoundException>(
            () => Accelerator.ProbeAsync("no-such-qemu", cancellationToken: TestContext.Current.CancellationToken));

        e.Message.ShouldContain("qemu-system-x86");
    }

    [Fact]
    public async Task The_default_CPU_model_and_the_own_machine_type_are_offered_under_emulation()
    {
        var offered = await QemuCapabilities.ProbeAsync("qemu-system-x86_64", AcceleratorInfo.Tcg, TestContext.Current.CancellationToken);

        offered.CpuModels.ShouldContain(CpuModels.Default);
        offered.MachineTypes.ShouldContain(offered.Version.MachineType);
        offered.CpuModels.ShouldNotContain("max");
    }
}
