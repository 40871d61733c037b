using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Godwit.Qemu;

/// <summary>JSON files that are replaced as a whole, so that a reader or a crash never meets half of one.</summary>
public static class AtomicFile
{
    public static void Write<T>(string path, T value, JsonTypeInfo<T> type)
    {
        var temporary = $"{path}.{Environment.ProcessId}.tmp";
        // Made anew: what lies there already may be a link, which somebody else has put there.
        File.Delete(temporary);
        using (var stream = new FileStream(temporary, FileMode.CreateNew, FileAccess.Write, FileShare.None))
        {
            JsonSerializer.Serialize(stream, value, type);
            stream.Flush(flushToDisk: true);
        }

        File.Move(temporary, path, overwrite: true);
    }

    /// <summary>The file's value, or default when there is no such file.</summary>
    public static T? Read<T>(string path, JsonTypeInfo<T> type)
    {
        byte[] bytes;
        try
        {
            bytes = File.ReadAllBytes(path);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return default;
        }

        try
        {
            return JsonSerializer.Deserialize(bytes, type);
        }
        catch (JsonException e)
        {
            throw new InvalidDataException($"{path} is not what it should be: {e.Message}", e);
        }
    }
}
