using System.CommandLine;

namespace Godwit.Cli.Commands;

/// <summary><c>godwit completion</c>: scripts for shells; the words come from the command itself.</summary>
public static class CompletionCommand
{
    public static Command Build()
    {
        var shell = new Argument<string>("SHELL") { Description = "bash, zsh or fish" };
        shell.AcceptOnlyFromAmong("bash", "zsh", "fish");
        var command = new Command("completion", "Print a completion script: source <(godwit completion bash)") { shell };
        command.SetAction(parsed => Console.Out.Write(parsed.GetValue(shell) switch
        {
            "bash" => Bash,
            "zsh" => Zsh,
            _ => Fish,
        }));
        return command;
    }

    private const string Bash = """
        _godwit() {
            local words
            words=$(godwit "[suggest:$COMP_POINT]" "$COMP_LINE" 2>/dev/null)
            COMPREPLY=($(compgen -W "$words" -- "${COMP_WORDS[COMP_CWORD]}"))
        }
        complete -o default -F _godwit godwit

        """;

    private const string Zsh = """
        #compdef godwit
        _godwit() {
            local -a words
            words=(${(f)"$(godwit "[suggest:$CURSOR]" "$BUFFER" 2>/dev/null)"})
            compadd -a words
        }
        compdef _godwit godwit

        """;

    private const string Fish = """
        complete -f -c godwit -a '(godwit "[suggest:"(commandline -C)"]" (commandline -p) 2>/dev/null)'

        """;
}
