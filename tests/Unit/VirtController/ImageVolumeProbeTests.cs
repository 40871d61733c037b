using System.Text.Json.Nodes;
using Godwit.Machinery;
using Godwit.Unit.Machinery;
using Godwit.VirtController;
using Microsoft.Extensions.Logging.Abstractions;
using Shouldly;
using Xunit;

namespace Godwit.Unit.VirtController;

/// <summary>What API servers answer to a pod with an image volume.</summary>
public sealed class ImageVolumeProbeTests
{
    [Theory]
    [InlineData("kept", ContainerDiskMethod.ImageVolume, true)]
    [InlineData("dropped", ContainerDiskMethod.Sidecar, true)]
    [InlineData("invalid", ContainerDiskMethod.Sidecar, true)]
    [InlineData("forbidden", ContainerDiskMethod.Sidecar, false)]
    [InlineData("no dry run", ContainerDiskMethod.Sidecar, false)]
    public async Task It_is_asked_by_a_dry_run_until_there_is_an_answer(string server, ContainerDiskMethod method, bool isAnswer)
    {
        var api = new FakeApi(request => Answer(server, request));
        var probe = Probe(api);
        (await probe.StorageAsync(Given.Vmi(), TestContext.Current.CancellationToken)).ContainerDisks.ShouldBe(method);
        var first = api.Requests.ToArray();
        first.Select(request => $"{request.Method} {request.Path}{request.Query}")
            .ShouldBe(["POST /api/v1/namespaces/kubevirt/pods?dryRun=All", "GET /version"]);

        (await probe.StorageAsync(Given.RunningVmi(), TestContext.Current.CancellationToken)).ContainerDisks.ShouldBe(method);
        (api.Requests.Count == first.Length).ShouldBe(isAnswer);
    }

    [Fact]
    public async Task A_server_that_does_not_answer_decides_nothing()
    {
        var probe = Probe(new FakeApi(HttpResponseMessage (_) => throw new HttpRequestException("refused")));
        (await Should.ThrowAsync<ApiException>(() => probe.StorageAsync(Given.Vmi(), TestContext.Current.CancellationToken))).IsUnreachable.ShouldBeTrue();
    }

    [Fact]
    public async Task Nobody_is_asked_for_a_guest_without_images()
    {
        var api = new FakeApi(_ => FakeApi.Refuse(500, "InternalError"));
        var vmi = Given.Vmi();
        vmi = vmi with { Spec = vmi.Spec! with { Domain = vmi.Spec.Domain! with { Firmware = null }, Volumes = [] } };
        await Probe(api).StorageAsync(vmi, TestContext.Current.CancellationToken);
        api.Requests.ShouldBeEmpty();
    }

    private static ImageVolumeProbe Probe(FakeApi api)
    {
        var client = api.Client();
        return new(client, new Caches(client, NullLogger.Instance, TimeProvider.System), Given.Image, NullLogger.Instance);
    }

    private static HttpResponseMessage Answer(string server, FakeRequest request)
    {
        if (request.Path == "/version")
        {
            return FakeApi.Json("""{"major":"1","minor":"34+"}""");
        }

        var pod = JsonNode.Parse(request.Body!)!.AsObject();
        pod["spec"]!["volumes"]![0]!["image"].ShouldNotBeNull();
        switch (server)
        {
            case "kept":
                return FakeApi.Json(pod);
            case "dropped":
                pod["spec"]!["volumes"]![0]!.AsObject().Remove("image");
                return FakeApi.Json(pod);
            case "invalid":
                return FakeApi.Refuse(422, "Invalid", "spec.volumes[0]: Required value: must specify a volume type");
            case "forbidden":
                return FakeApi.Refuse(403, "Forbidden", "exceeded quota");
            default:
                return FakeApi.Refuse(400, "BadRequest", "admission webhook does not support dry run");
        }
    }
}
