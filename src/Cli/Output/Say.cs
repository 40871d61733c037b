namespace Godwit.Cli.Output;

/// <summary>Words to the user on standard error; standard output is for results.</summary>
public static class Say
{
    private static bool Colours { get; } = !Console.IsErrorRedirected && Environment.GetEnvironmentVariable("NO_COLOR") is null;

    public static void Error(string text) => Console.Error.WriteLine($"{Paint("error:", 31)} {text}");

    public static void Warning(string text) => Console.Error.WriteLine($"{Paint("warning:", 33)} {text}");

    public static void Note(string text) => Console.Error.WriteLine(text);

    private static string Paint(string text, int colour) => Colours ? $"\e[{colour}m{text}\e[0m" : text;
}
