using Godwit.Machinery;
using Godwit.VirtApi.Serving;
using Shouldly;
using Xunit;

namespace Godwit.Unit.VirtApi;

public sealed class TrustInjectionTests
{
    [Fact]
    public void Only_our_own_webhooks_get_our_trust_and_only_once()
    {
        var configuration = Requests.Document("""
            metadata: {name: x}
            webhooks:
            - {name: a, clientConfig: {service: {name: other, namespace: kubevirt}}}
            - {name: b, clientConfig: {service: {name: virt-api, namespace: kubevirt}}}
            - {name: c, clientConfig: {url: "https://elsewhere"}}
            """);
        var patch = TrustInjection.Decide(configuration, new("kubevirt", "virt-api"), "PEM");
        var patched = JsonPatch.Apply(configuration, patch);
        patched!["webhooks"]![1].Text("clientConfig", "caBundle").ShouldBe(Convert.ToBase64String("PEM"u8));
        patched["webhooks"]![0].At("clientConfig", "caBundle").ShouldBeNull();
        TrustInjection.Decide(patched, new("kubevirt", "virt-api"), "PEM").ShouldBeEmpty();
        var service = Requests.Document("spec: {service: {name: virt-api, namespace: kubevirt}, insecureSkipTLSVerify: true}");
        JsonPatch.Apply(service, TrustInjection.Decide(service, new("kubevirt", "virt-api"), "PEM"))
            .Text("spec", "caBundle").ShouldNotBeNull();
    }
}
