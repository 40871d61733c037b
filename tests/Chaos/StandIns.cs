namespace Godwit.Chaos;

/// <summary>Scripts that stand in for built programs.</summary>
internal static class StandIns
{
    /// <summary>A folder of links to all of the built programs, some of which are to be replaced.</summary>
    public static async Task<string> FolderAsync(string programs, string name)
    {
        var folder = Path.Combine(Path.GetDirectoryName(programs)!, name);
        if (Directory.Exists(folder))
        {
            Directory.Delete(folder, recursive: true);
        }

        (await Tests.E2E.Support.Tool.RunAsync("cp", ["-al", programs, folder], TimeSpan.FromMinutes(1))).Ok();
        return folder;
    }

    public static async Task ReplaceAsync(string program, string script)
    {
        // Not written over: the file may be linked to the one that is built.
        File.Delete(program);
        await File.WriteAllTextAsync(program, $"#!/bin/sh\n{script}\n");
        File.SetUnixFileMode(program, (UnixFileMode)0b111_101_101);
    }
}
