using Godwit.Machinery;
using Godwit.Unit.Machinery;
using Godwit.VirtApi.Subresources;
using Shouldly;
using Xunit;

namespace Godwit.Unit.VirtApi;

public sealed class AccessReviewTests
{
    private static readonly RemoteUser User = new("jane", ["dev"], new Dictionary<string, IReadOnlyList<string>>());

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_verb_and_the_subresource_are_asked_for_on_behalf_of_the_user()
    {
        var fake = new FakeApi(_ => FakeApi.Json("{'status':{'allowed':true}}"));

        (await AccessReview.RefusalAsync(fake.Client(), User, new("default", "vm"), "vnc/screenshot", "get", Ct)).ShouldBeNull();

        var spec = fake.Requests.ShouldHaveSingleItem().Json["spec"]!;
        (spec.Text("user"), spec["groups"]!.ToJsonString()).ShouldBe(("jane", """["dev"]"""));
        var attributes = spec["resourceAttributes"]!.AsObject();
        (attributes.Text("subresource"), attributes.Text("verb"), attributes.Text("name"), attributes.Text("namespace"))
            .ShouldBe(("vnc/screenshot", "get", "vm", "default"));
    }

    [Fact]
    public async Task A_refusal_says_what_the_user_may_not_do()
    {
        var fake = new FakeApi(_ => FakeApi.Json("{'status':{'allowed':false}}"));

        (await AccessReview.RefusalAsync(fake.Client(), User, new("default", "vm"), "pause", "update", Ct))!
            .ShouldContain("User \"jane\" cannot update resource \"virtualmachineinstances/pause\"");
    }
}
