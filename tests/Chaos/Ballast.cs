namespace Godwit.Chaos;

/// <summary>A file that takes all the room of a disk, until it is disposed of.</summary>
internal sealed class Ballast : IAsyncDisposable
{
    private const int Block = 1 << 20;
    private readonly string _file;

    private Ballast(string file) => _file = file;

    public static async Task<Ballast> FillAsync(string folder)
    {
        var ballast = new Ballast(Path.Combine(folder, "ballast"));
        var block = new byte[Block];
        await using var stream = new FileStream(ballast._file, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0);
        for (var size = Block; size >= 512; size /= 2)
        {
            try
            {
                while (true)
                {
                    await stream.WriteAsync(block.AsMemory(0, size));
                }
            }
            catch (IOException)
            {
                // Full for pieces of this size; smaller ones may still find room.
            }
        }

        return ballast;
    }

    public ValueTask DisposeAsync()
    {
        File.Delete(_file);
        return ValueTask.CompletedTask;
    }
}
