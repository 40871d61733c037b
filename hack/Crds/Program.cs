// Writes deploy/crds/*.yaml from the API types: dotnet run --project hack/Crds [FOLDER]
using Godwit.Crds;

var folder = args.Length > 0 ? args[0] : CrdFiles.Folder();
Directory.CreateDirectory(folder);
foreach (var (name, text) in CrdFiles.Generate())
{
    await File.WriteAllTextAsync(Path.Combine(folder, name), text);
    Console.WriteLine(Path.Combine(folder, name));
}
