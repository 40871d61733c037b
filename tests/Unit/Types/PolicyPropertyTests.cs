using System.Text.Json;
using System.Text.Json.Nodes;
using CsCheck;
using Godwit.Types;
using Shouldly;
using Xunit;

namespace Godwit.Unit.Types;

/// <summary>Which policy holds for a VMI, and whose word counts for each setting.</summary>
public sealed class PolicyPropertyTests
{
    private const string Disruption = "allowWorkloadDisruption";
    private const string PostCopy = "allowPostCopy";

    /// <summary>The one setting whose parts are settings of their own.</summary>
    private const string Forwarding = "connectionForwarding";

    /// <summary>Two policies that are equal but for one thing are rare.</summary>
    private const int Many = 2000;

    private static readonly Gen<Dictionary<string, string>?> Labels = Gen.Frequency(
        (1, Gen.Const((Dictionary<string, string>?)null)),
        (9, Gen.Select(Gen.OneOf("a", "b", "c"), Gen.OneOf("1", "1", "1", "1", "2")).Array[0, 3]
            .Select(pairs => (Dictionary<string, string>?)pairs.DistinctBy(pair => pair.Item1).ToDictionary(pair => pair.Item1, pair => pair.Item2))));

    private static readonly Gen<MigrationPolicy[]> Policies =
        Gen.Select(Gen.Frequency((1, Gen.Const(true)), (9, Gen.Const(false))), Labels, Labels, Gen.Frequency((1, Gen.Const(true)), (9, Gen.Const(false))))
            .Array[0, 7]
            .Select(all => all.Select((policy, i) => new MigrationPolicy
            {
                Metadata = new ObjectMeta { Name = $"p{i}", DeletionTimestamp = policy.Item4 ? DateTimeOffset.UnixEpoch : null },
                Spec = new MigrationPolicySpec
                {
                    Selectors = policy.Item1
                        ? null
                        : new MigrationPolicySelectors { NamespaceSelector = policy.Item2, VirtualMachineInstanceSelector = policy.Item3 },
                },
            }).ToArray());

    /// <summary>Values for each setting, told apart by where they come from.</summary>
    private static readonly IReadOnlyDictionary<string, JsonNode[]> Values = JsonSerializer
        .SerializeToNode(
            MigrationSettings.Default with { Network = "n", AllowWorkloadDisruption = false, MatchSELinuxLevelOnMigration = false, Experimental = JsonElement.Parse("""{"a":0}""") },
            TypesJson.Default.MigrationConfiguration)!
        .AsObject()
        .ToDictionary(pair => pair.Key, pair => ValuesLike(pair.Key, pair.Value!), StringComparer.Ordinal);

    private static readonly string[] OfPolicies = [.. Names(typeof(MigrationPolicySpec)).Except(["selectors"])];

    [Fact]
    public void The_policy_that_holds_matches_both_ways_and_no_other_that_does_names_more() =>
        Gen.Select(Policies, Labels, Labels).Sample((policies, vmi, ns) =>
        {
            var winner = PolicyMatching.Match(policies, vmi, ns);
            var fit = policies.Where(policy => !policy.IsDeleting() && policy.Spec!.Selectors is { } selectors
                && selectors.NamespaceSelector?.Any(pair => ns?.GetValueOrDefault(pair.Key) != pair.Value) != true
                && selectors.VirtualMachineInstanceSelector?.Any(pair => vmi?.GetValueOrDefault(pair.Key) != pair.Value) != true).ToList();
            (winner is null).ShouldBe(fit.Count == 0);
            foreach (var other in fit.Where(other => other != winner))
            {
                fit.ShouldContain(winner!);
                var (mine, its) = (Score(winner!), Score(other));
                mine.CompareTo(its).ShouldBeGreaterThanOrEqualTo(0);
                if (mine == its)
                {
                    string.CompareOrdinal(winner!.Metadata.Name, other.Metadata.Name).ShouldBeLessThan(0);
                }
            }
        }, iter: Many);

    [Fact]
    public void The_order_in_which_policies_are_listed_means_nothing() =>
        Gen.Select(Policies, Labels, Labels, Gen.Int).Sample((policies, vmi, ns, seed) =>
        {
            var shuffled = policies.ToArray();
            new Random(seed).Shuffle(shuffled);
            PolicyMatching.Match(shuffled, vmi, ns).ShouldBeSameAs(PolicyMatching.Match(policies, vmi, ns));
        }, iter: Many);

    [Fact]
    public void Every_setting_has_values_to_test_with()
    {
        Values.Keys.Order().ShouldBe(Names(typeof(MigrationConfiguration)).Order());
        OfPolicies.ShouldBeSubsetOf(Values.Keys);
    }

    [Fact]
    public void For_each_setting_the_policys_word_counts_then_the_resources_then_the_maps_then_the_default_of_its_time() =>
        Gen.Select(Gen.Bool.Array[3 * Values.Count], Gen.Bool).Sample((said, mapped) =>
        {
            // 0: the policy, 1: the KubeVirt resource, 2: the ConfigMap.
            var places = Enumerable.Range(0, 3).Select(place => mapped || place < 2 ? Document(place, said) : []).ToArray();
            var cluster = ClusterConfiguration.Resolve(
                Given.KubeVirt(new JsonObject { ["migrations"] = places[1].DeepClone() }.ToJsonString()),
                mapped ? LegacyConfiguration.Read(new ConfigMap { Data = new Dictionary<string, string> { ["migrations"] = places[2].ToJsonString() } }) : null);
            var result = JsonSerializer.SerializeToNode(
                MigrationSettings.Apply(cluster.Migrations, places[0].Deserialize(TypesJson.Default.MigrationPolicySpec)),
                TypesJson.Default.MigrationConfiguration)!;
            var defaults = JsonSerializer.SerializeToNode(MigrationSettings.Default, TypesJson.Default.MigrationConfiguration)!;
            if (mapped)
            {
                defaults["bandwidthPerMigration"] = "64Mi";
                defaults["completionTimeoutPerGiB"] = 800;
            }

            foreach (var name in Values.Keys)
            {
                var wanted = places.Select(place => place[name]).FirstOrDefault(value => value is not null) ?? defaults[name];
                if (name == Disruption)
                {
                    // Who allows post-copy allows disruption, unless it is said otherwise in the same place or above it.
                    wanted = places[0][Disruption] ?? places[0][PostCopy] ?? wanted ?? places[1][PostCopy] ?? places[2][PostCopy] ?? defaults[PostCopy];
                }

                if (name == Forwarding)
                {
                    wanted = places.Select(place => place[name]).Append(defaults[name]).OfType<JsonObject>().Reverse().Aggregate(new JsonObject(), Over);
                }

                JsonNode.DeepEquals(result[name], wanted).ShouldBeTrue($"{name}: {result[name]?.ToJsonString()}, not {wanted?.ToJsonString()}");
            }
        }, iter: Many);

    private static JsonObject Document(int place, bool[] said)
    {
        var names = Values.Keys.ToArray();
        var document = new JsonObject();
        for (var i = 0; i < names.Length; i++)
        {
            if (said[(place * names.Length) + i] && (place > 0 || OfPolicies.Contains(names[i])))
            {
                document[names[i]] = Values[names[i]][place].DeepClone();
            }
        }

        return document;
    }

    private static JsonObject Over(JsonObject below, JsonObject above)
    {
        foreach (var (name, value) in above)
        {
            below[name] = value!.DeepClone();
        }

        return below;
    }

    // A switch has but two values for three places: neighbours differ.
    private static JsonNode[] ValuesLike(string name, JsonNode like) => like.GetValueKind() switch
    {
        JsonValueKind.True or JsonValueKind.False => [true, false, true],
        JsonValueKind.Number => [101, 102, 103],
        JsonValueKind.Object when name == Forwarding =>
            [JsonNode.Parse("""{"enabled":false,"drainSeconds":1}""")!, JsonNode.Parse("""{"enabled":true,"maxSeconds":2}""")!, JsonNode.Parse("""{"maxSeconds":3,"drainSeconds":3}""")!],
        JsonValueKind.Object => [JsonNode.Parse("""{"a":1}""")!, JsonNode.Parse("""{"a":2}""")!, JsonNode.Parse("""{"a":3}""")!],
        _ => name.StartsWith("bandwidth", StringComparison.Ordinal) ? ["1Mi", "2Mi", "3Mi"] : ["x/one", "x/two", "x/three"],
    };

    private static IEnumerable<string> Names(Type type) => type
        .GetProperties(System.Reflection.BindingFlags.Public | System.Reflection.BindingFlags.Instance | System.Reflection.BindingFlags.DeclaredOnly)
        .Select(property => JsonNamingPolicy.CamelCase.ConvertName(property.Name));

    private static (int All, int Vmi) Score(MigrationPolicy policy)
    {
        var selectors = policy.Spec!.Selectors!;
        var vmi = selectors.VirtualMachineInstanceSelector?.Count ?? 0;
        return (vmi + (selectors.NamespaceSelector?.Count ?? 0), vmi);
    }
}
