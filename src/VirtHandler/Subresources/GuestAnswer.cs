using System.Text;

namespace Godwit.VirtHandler.Subresources;

/// <summary>What became of a request about a guest, as virt-api is told: an HTTP status, and why not when it was refused.</summary>
public sealed record GuestAnswer(int Code, string Message = "")
{
    private readonly byte[]? _content;

    public static GuestAnswer Done { get; } = new(200);

    /// <summary>What was asked for; the message in bytes when it was no more than that.</summary>
    public byte[] Content
    {
        get => _content ?? Encoding.UTF8.GetBytes(Message);
        init => _content = value;
    }

    public string ContentType { get; init; } = "text/plain; charset=utf-8";

    public static GuestAnswer With(byte[] content, string contentType) => new(200) { Content = content, ContentType = contentType };

    public static GuestAnswer Conflict(string message) => new(409, message);

    public static GuestAnswer Failed(string message) => new(500, message);
}
