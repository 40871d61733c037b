using Godwit.Cli.Api;
using Shouldly;

namespace Godwit.Tests.E2E.Document;

/// <summary>How a migration ended, checked with the reason at hand.</summary>
internal static class Outcomes
{
    public static void ShouldHaveSucceeded(this MigrationFacts migration) => migration.Succeeded.ShouldBeTrue(migration.Failure);
}
