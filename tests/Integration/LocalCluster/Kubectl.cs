using System.Diagnostics;

namespace Godwit.Integration.LocalCluster;

/// <summary>The machine's kubectl with a kubeconfig, or another one; what it caches goes to the folder that is its home.</summary>
public sealed class Kubectl(string kubeconfig, string home, string program = "kubectl")
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);

    /// <summary>Runs it with the words of a command line; the input goes to its <c>-f -</c>.</summary>
    public async Task<KubectlResult> RunAsync(string arguments, string? input = null, string? editor = null)
    {
        using var kubectl = Start(arguments, editor);
        await kubectl.StandardInput.WriteAsync(input);
        kubectl.StandardInput.Close();
        var output = kubectl.StandardOutput.ReadToEndAsync();
        var error = kubectl.StandardError.ReadToEndAsync();
        using var deadline = new CancellationTokenSource(Deadline);
        try
        {
            await kubectl.WaitForExitAsync(deadline.Token);
        }
        catch (OperationCanceledException)
        {
            kubectl.Kill(entireProcessTree: true);
            throw;
        }

        return new KubectlResult(kubectl.ExitCode, await output, await error);
    }

    /// <summary>Runs it and fails unless it succeeds.</summary>
    public async Task<string> MustAsync(string arguments, string? input = null, string? editor = null)
    {
        var result = await RunAsync(arguments, input, editor);
        return result.Exit == 0 ? result.Output : throw new InvalidOperationException($"kubectl {arguments}: {result.Error}");
    }

    /// <summary>Runs a watch that begins with some lines, acts, and gives out the lines that follow; then it is ended.</summary>
    public async Task<IReadOnlyList<string>> WatchAsync(string arguments, int before, Func<Task> act, int after)
    {
        using var kubectl = Start(arguments, null);
        using var deadline = new CancellationTokenSource(Deadline);
        try
        {
            await LinesAsync(kubectl, before, deadline.Token);
            await act();
            return await LinesAsync(kubectl, after, deadline.Token);
        }
        finally
        {
            kubectl.Kill();
        }
    }

    /// <summary>Runs it, acts once its errors have a line that matters, and waits for its end.</summary>
    public async Task<KubectlResult> ComplainingAsync(string arguments, Func<string, bool> matters, Func<Task> act)
    {
        using var kubectl = Start(arguments, null);
        using var deadline = new CancellationTokenSource(Deadline);
        try
        {
            var output = kubectl.StandardOutput.ReadToEndAsync(deadline.Token);
            var errors = new System.Text.StringBuilder();
            var acted = false;
            while (await kubectl.StandardError.ReadLineAsync(deadline.Token) is { } line)
            {
                errors.Append(line).Append('\n');
                if (!acted && matters(line))
                {
                    acted = true;
                    await act();
                }
            }

            await kubectl.WaitForExitAsync(deadline.Token);
            return new KubectlResult(kubectl.ExitCode, await output, errors.ToString());
        }
        finally
        {
            if (!kubectl.HasExited)
            {
                kubectl.Kill(entireProcessTree: true);
            }
        }
    }

    private static async Task<List<string>> LinesAsync(Process kubectl, int count, CancellationToken cancellation)
    {
        var lines = new List<string>();
        while (lines.Count < count)
        {
            lines.Add(await kubectl.StandardOutput.ReadLineAsync(cancellation)
                ?? throw new InvalidOperationException($"kubectl ended after {lines.Count} lines: {await kubectl.StandardError.ReadToEndAsync(cancellation)}"));
        }

        return lines;
    }

    private Process Start(string arguments, string? editor)
    {
        var start = new ProcessStartInfo(program)
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
        };
        foreach (var argument in Words(arguments))
        {
            start.ArgumentList.Add(argument);
        }

        start.Environment["KUBECONFIG"] = kubeconfig;
        start.Environment["HOME"] = home;
        start.Environment["TMPDIR"] = home; // a refused edit is kept there by kubectl
        if (editor is not null)
        {
            start.Environment["KUBE_EDITOR"] = editor;
        }

        return Process.Start(start)!;
    }

    // Words are split at blanks; what is in single quotes stays together.
    private static IEnumerable<string> Words(string text)
    {
        var parts = text.Split('\'');
        for (var i = 0; i < parts.Length; i++)
        {
            foreach (var word in i % 2 == 1 ? [parts[i]] : parts[i].Split(' ', StringSplitOptions.RemoveEmptyEntries))
            {
                yield return word;
            }
        }
    }
}
