using System.Text.Json.Nodes;
using Godwit.LocalCluster.Crd;
using Godwit.LocalCluster.Schema;
using Godwit.Machinery;
using Shouldly;
using Xunit;

namespace Godwit.Unit.LocalCluster.Crd;

/// <summary>The definitions that the product itself brings must be acceptable.</summary>
public sealed class DeployedDefinitionsTests
{
    public static TheoryData<string> Files() => [.. Directory.GetFiles(Folder(), "*.yaml").Select(f => Path.GetFileName(f))];

    [Theory]
    [MemberData(nameof(Files))]
    public void A_definition_in_the_deploy_folder_is_accepted(string file)
    {
        foreach (var definition in Yaml.ParseAll(File.ReadAllText(Path.Combine(Folder(), file))).OfType<JsonObject>())
        {
            var provider = BuiltInSchemas.Provider("apiextensions.k8s.io/v1", "CustomResourceDefinition")!;
            provider.Decode(definition).ShouldSatisfyAllConditions(d => d.TypeError.ShouldBeNull(), d => d.UnknownFields.ShouldBeEmpty());
            provider.Default(definition);
            definition["status"] = new JsonObject { ["storedVersions"] = new JsonArray("v1") };
            CrdValidator.Validate(definition).ShouldBeEmpty();
            CustomResources.Describe(definition).Versions.ShouldNotBeEmpty();
        }
    }

    private static string Folder()
    {
        var at = new DirectoryInfo(AppContext.BaseDirectory);
        while (at is not null && !File.Exists(Path.Combine(at.FullName, "Godwit.slnx")))
        {
            at = at.Parent;
        }

        return Path.Combine(at!.FullName, "deploy", "crds");
    }
}
