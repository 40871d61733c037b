using System.Globalization;
using System.Security.Cryptography;
using Shouldly;

namespace Godwit.Tests.E2E.Support;

/// <summary>A guest's memory as it lies in its QEMU, read from outside; of use only while the guest stands still.</summary>
internal static class GuestMemory
{
    private const int PageSize = 4096;

    /// <summary>A hash of each page, in order.</summary>
    public static async Task<IReadOnlyList<string>> PagesAsync(int qemu, long bytes)
    {
        var start = StartOf(qemu, bytes);
        var pages = new string[bytes / PageSize];
        await using var memory = new FileStream($"/proc/{qemu}/mem", FileMode.Open, FileAccess.Read, FileShare.ReadWrite, bufferSize: 0);
        memory.Seek(start, SeekOrigin.Begin);
        var page = new byte[PageSize];
        for (var i = 0; i < pages.Length; i++)
        {
            await memory.ReadExactlyAsync(page);
            pages[i] = Convert.ToHexString(SHA256.HashData(page));
        }

        return pages;
    }

    /// <summary>The one mapping that is as large as the guest's memory.</summary>
    private static long StartOf(int qemu, long bytes) => File.ReadLines($"/proc/{qemu}/maps")
        .Select(static line => line.Split(' ', 2)[0].Split('-').Select(static a => long.Parse(a, NumberStyles.HexNumber, CultureInfo.InvariantCulture)).ToArray())
        .Where(range => range[1] - range[0] == bytes)
        .Select(static range => (long?)range[0])
        .SingleOrDefault()
        .ShouldNotBeNull($"process {qemu} has no mapping of {bytes} bytes");
}
