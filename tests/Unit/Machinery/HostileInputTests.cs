using System.Diagnostics;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using CsCheck;
using Godwit.LocalCluster.ApiServer.Http;
using Godwit.Machinery;
using Shouldly;
using Xunit;

namespace Godwit.Unit.Machinery;

/// <summary>Whatever comes in, the answer is a value or the one error that callers wait for; never another, and never a process that ends or swells.</summary>
public sealed class HostileInputTests
{
    private const int Deep = 200_000;

    [Fact]
    public void Yaml_is_read_or_refused_with_its_own_error() => Rubbish.Of(
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, labels: {x: 'y'}}\ndata:\n  k: |\n    two\n    lines\n",
            "a: &a [1, 2.5, ~]\nb: *a\nc:\n  <<: {d: 1}\n---\n- x\n- {y: !!str 12}\n",
            """{"a":[1,null,"x\n"],"b":{"c":true}}""")
        .Sample(text => Refuses<YamlSyntaxException>(() => Yaml.ParseAll(text)), iter: 20_000);

    [Theory]
    [InlineData("[")]
    [InlineData("{a: ")]
    [InlineData("- ")]
    [InlineData("? ")]
    public void Yaml_that_nests_without_end_is_refused(string level) =>
        Should.Throw<YamlSyntaxException>(() => Yaml.ParseAll(string.Concat(Enumerable.Repeat(level, Deep))));

    [Fact]
    public void Yaml_that_grows_by_aliases_of_aliases_is_refused_before_it_has_grown()
    {
        var bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + string.Concat(Enumerable.Range(1, 12).Select(static i =>
            $"a{i}: &a{i} [{string.Join(", ", Enumerable.Repeat($"*a{i - 1}", 10))}]\n"));
        var before = GC.GetAllocatedBytesForCurrentThread();

        Should.Throw<YamlSyntaxException>(() => Yaml.ParseAll(bomb));

        (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBeLessThan(2L << 30);
    }

    [Fact]
    public void A_JSON_patch_is_applied_or_refused_with_its_own_error_and_never_changes_what_it_was_given() =>
        Gen.Select(Documents.Any, Rubbish.Of(
                """[{"op":"add","path":"/a/b","value":1},{"op":"test","path":"/c~1d","value":null}]""",
                """[{"op":"move","from":"/a","path":"/a/b/-"},{"op":"copy","from":"/b/0","path":""},{"op":"remove","path":"/e~0f"}]"""))
            .Sample(
                (document, text) =>
                {
                    if (Json(text) is not { } patch)
                    {
                        return true;
                    }

                    var before = document?.ToJsonString();
                    return Refuses<JsonPatchException>(() => JsonPatch.Apply(document, patch)) && document?.ToJsonString() == before;
                },
                iter: 20_000);

    [Fact]
    public void A_merge_patch_takes_any_two_documents() =>
        Gen.Select(Documents.Any, Documents.Any).Sample((document, patch) => Refuses<JsonPatchException>(() => MergePatch.Apply(document, patch)), iter: 10_000);

    [Fact]
    public void Selectors_are_read_or_refused_with_their_own_error() =>
        Rubbish.Of("a=b,c!=d,e in (f,g),!h", "metadata.name=a,status.phase!=Running", "x.y/z notin (1,2),k>3", "a==b , c")
            .Sample(
                text => Refuses<SelectorException>(() => LabelSelector.Parse(text)) && Refuses<SelectorException>(() => FieldSelector.Parse(text)),
                iter: 20_000);

    [Fact]
    public void Quantities_and_durations_are_read_or_not_without_any_error() =>
        Rubbish.Of("100m", "1.5Gi", "12e6", "-0.25", "1h2m3.5s", "250ms", "9223372036854775807E").Sample(
            text =>
            {
                if (Quantity.TryParse(text, out var quantity))
                {
                    quantity.ToString().ShouldNotBeEmpty();
                }

                if (GoDuration.TryParse(text, out var duration))
                {
                    GoDuration.Format(duration).ShouldNotBeEmpty();
                }
            },
            iter: 20_000);

    [Theory]
    [InlineData("1e2147483647")]
    [InlineData("1e-2147483648")]
    [InlineData("1e99999999999999999999")]
    public void A_quantity_with_a_monstrous_exponent_costs_no_time(string text)
    {
        var began = Stopwatch.GetTimestamp();
        if (Quantity.TryParse(text, out var quantity))
        {
            quantity.ToString().Length.ShouldBeLessThan(100);
        }

        Stopwatch.GetElapsedTime(began).ShouldBeLessThan(TimeSpan.FromSeconds(1));
        if (Quantity.TryParse(new string('9', Deep), out var endless))
        {
            endless.ToString().Length.ShouldBeLessThan(100);
        }

        Stopwatch.GetElapsedTime(began).ShouldBeLessThan(TimeSpan.FromSeconds(5));
    }

    private static JsonNode? Json(string text)
    {
        try
        {
            // As the API server reads a body.
            return JsonTree.Parse(Encoding.UTF8.GetBytes(text), []);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static bool Refuses<TError>(Action action)
        where TError : Exception
    {
        try
        {
            action();
        }
        catch (TError)
        {
            // As it may be.
        }

        return true;
    }
}
