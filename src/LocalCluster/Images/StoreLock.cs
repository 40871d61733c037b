namespace Godwit.LocalCluster.Images;

/// <summary>An advisory lock on a file, known to all processes of the machine.</summary>
internal sealed class StoreLock : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private static readonly Lock InProcess = new();
    private readonly FileStream _file;

    private StoreLock(FileStream file) => _file = file;

    public static StoreLock Take(string path, TimeProvider time)
    {
        InProcess.Enter();
        try
        {
            var start = time.GetTimestamp();
            var wait = new SpinWait();
            while (true)
            {
                try
                {
                    return new StoreLock(new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
                }
                catch (IOException) when (time.GetElapsedTime(start) < Patience)
                {
                    wait.SpinOnce();
                }
            }
        }
        catch
        {
            InProcess.Exit();
            throw;
        }
    }

    public void Dispose()
    {
        _file.Dispose();
        InProcess.Exit();
    }
}
