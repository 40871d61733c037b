using System.Globalization;

namespace Godwit.Chaos;

/// <summary>
/// A clock of its own for virt-controller and for each virt-handler, which can be stepped while they run (Debian's libfaketime, before the
/// C library). What measures lengths, the monotonic clock, goes on; so does the clock of all else, the API server's among it.
/// </summary>
internal sealed class SteppedClocks
{
    private const string Library = "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1";

    /// <summary>A process looks at its file this often at most; a step that was taken has been seen after twice that.</summary>
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(1);

    private readonly string _folder;
    private readonly string _processes;

    private SteppedClocks(string folder)
    {
        _folder = folder;
        _processes = Path.Combine(folder, "processes");
    }

    /// <summary>Lets the programs in this folder run with them.</summary>
    /// <param name="programs">A folder of links to the built programs.</param>
    /// <param name="real">The built godwitd.</param>
    public static async Task<SteppedClocks> PutBeforeAsync(string programs, string real)
    {
        var clocks = new SteppedClocks(Directory.CreateDirectory(Path.Combine(programs, "clocks")).FullName);
        await StandIns.ReplaceAsync(Path.Combine(programs, "godwitd"), $$"""
            case $1 in
                controller) name=$1 ;;
                handler) name=$1-$(printf '%s\n' "$@" | sed -n '/^--node$/{n;p;}') ;;
                *) exec {{real}} "$@" ;;
            esac
            clock={{clocks._folder}}/$name
            [ -e "$clock" ] || echo +0 > "$clock"
            export LD_PRELOAD={{Library}} FAKETIME_TIMESTAMP_FILE=$clock FAKETIME_CACHE_DURATION={{Look.TotalSeconds:0}}
            # Without the fix that it thinks our C library needs, by which every timed wait ends at once and timers spin.
            export FAKETIME_DONT_FAKE_MONOTONIC=1 FAKETIME_FORCE_MONOTONIC_FIX=0 NO_FAKE_STAT=1
            echo $$ >> {{clocks._processes}}
            exec {{real}} "$@"
            """);
        return clocks;
    }

    /// <summary>Steps the clock of one of our processes for a while; null when it has none.</summary>
    public async Task<string?> StepAsync(string process, TimeSpan by, TimeSpan length, CancellationToken ct)
    {
        if (!File.Exists(Path.Combine(_folder, process)))
        {
            return null;
        }

        Set(process, by);
        try
        {
            await Task.Delay(length, TimeProvider.System, ct);
        }
        finally
        {
            Set(process, TimeSpan.Zero);
        }

        await Task.Delay(2 * Look, TimeProvider.System, ct);
        return string.Create(CultureInfo.InvariantCulture, $"by {by.TotalSeconds:+0;-0} s for {length.TotalSeconds:0.0} s");
    }

    /// <summary>Removes what the library made for processes that were killed, which it cannot do itself. To be called when all have ended.</summary>
    public void Forget()
    {
        foreach (var process in File.Exists(_processes) ? File.ReadAllLines(_processes) : [])
        {
            File.Delete($"/dev/shm/faketime_shm_{process}");
            File.Delete($"/dev/shm/sem.faketime_sem_{process}");
        }
    }

    private void Set(string process, TimeSpan by)
    {
        var file = Path.Combine(_folder, process);
        File.WriteAllText($"{file}.new", string.Create(CultureInfo.InvariantCulture, $"{by.TotalSeconds:+0;-0;+0}\n"));
        File.Move($"{file}.new", file, overwrite: true);
    }
}
