namespace Godwit.VirtHandler.Subresources;

/// <summary>What became of a request about a guest, as virt-api is told: an HTTP status, and why not when it was refused.</summary>
public sealed record GuestAnswer(int Code, string Message = "")
{
    public static GuestAnswer Done { get; } = new(200);

    public static GuestAnswer Conflict(string message) => new(409, message);

    public static GuestAnswer Failed(string message) => new(500, message);
}
