using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using Godwit.Machinery;
using Godwit.Types;
using Shouldly;
using Xunit;

namespace Godwit.Unit.Types;

/// <summary>The examples say what the API understands: no field of theirs is unknown, nothing in them is refused.</summary>
public sealed class ExamplesTests
{
    public static TheoryData<string> Files =>
        [.. Directory.GetFiles(Folder("examples")).Concat(Directory.GetFiles(Folder("deploy"))).Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(Files))]
    public async Task An_example_is_understood_and_accepted(string file)
    {
        foreach (var document in Yaml.ParseObjects(await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken)))
        {
            Check(document, Path.GetFileName(file));
        }
    }

    [Fact]
    public void The_migration_job_is_that_of_the_document_of_2020() =>
        Yaml.ParseObjects(File.ReadAllText(Path.Combine(Folder("examples"), "migration-job.yaml"))).Single().ToJsonString().ShouldBe(
            """{"apiVersion":"kubevirt.io/v1alpha3","kind":"VirtualMachineInstanceMigration","metadata":{"name":"migration-job"},"spec":{"vmiName":"vmi-fedora"}}""");

    private static void Check(JsonObject document, string file)
    {
        switch (document.Text("kind"))
        {
            case "VirtualMachineInstance":
                var vmi = document.Deserialize(TypesJson.Default.VirtualMachineInstance)!;
                Unknown(vmi).ShouldBeEmpty(file);
                Validation.VmiCreate(Given.Defaulted(vmi), Given.Cluster(), byComponent: false).ShouldBeEmpty(file);
                Migratability.Judge(new MigratabilityFacts { Vmi = Given.Defaulted(vmi), Cluster = Given.Cluster() })
                    .Migratable.ShouldBeTrue(file);
                break;
            case "VirtualMachine":
                var vm = document.Deserialize(TypesJson.Default.VirtualMachine)!;
                Unknown(vm).ShouldBeEmpty(file);
                Validation.VirtualMachine(vm, Given.Cluster(), byComponent: false).ShouldBeEmpty(file);
                break;
            case "VirtualMachineInstanceMigration":
                Validation.MigrationCreate(
                    document.Deserialize(TypesJson.Default.VirtualMachineInstanceMigration)!,
                    new MigrationAdmissionFacts { Vmi = Given.RunningVmi(), Namespace = "default", Cluster = Given.Cluster() })
                    .ShouldBeEmpty(file);
                break;
            case "MigrationPolicy":
                Validation.Policy(null, document.Deserialize(TypesJson.Default.MigrationPolicy)!, Given.Cluster()).ShouldBeEmpty(file);
                break;
            case "KubeVirt":
                Validation.KubeVirt(document.Deserialize(TypesJson.Default.KubeVirt)!).ShouldBeEmpty(file);
                break;
            case "ConfigMap":
                LegacyConfiguration.Read(document.Deserialize(TypesJson.Default.ConfigMap)!).Errors.ShouldBeEmpty(file);
                break;
        }
    }

    /// <summary>Fields that no type models, anywhere below.</summary>
    private static IEnumerable<string> Unknown(object? part)
    {
        switch (part)
        {
            case ApiPart api:
                foreach (var name in api.Extra?.Keys ?? Enumerable.Empty<string>())
                {
                    yield return $"{api.GetType().Name}.{name}";
                }

                foreach (var property in api.GetType().GetProperties().Where(property => property.Name != nameof(ApiPart.Extra)))
                {
                    foreach (var found in Unknown(property.GetValue(api)))
                    {
                        yield return found;
                    }
                }

                break;
            case IEnumerable<ApiPart> list:
                foreach (var found in list.SelectMany(item => Unknown(item)))
                {
                    yield return found;
                }

                break;
        }
    }

    private static string Folder(string name, [CallerFilePath] string here = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "..", "..", "..", name));
}
