using System.Runtime.Versioning;
using Godwit.VirtLauncher;

[assembly: SupportedOSPlatform("linux")]

var (options, problem) = LauncherOptions.Parse(args);
if (options is null)
{
    await Console.Error.WriteLineAsync($"virt-launcher: {problem}\n{LauncherOptions.Usage}");
    return ExitCodes.BadInput;
}

using var launcher = new Launcher(options, TimeProvider.System);
return await launcher.RunAsync();
