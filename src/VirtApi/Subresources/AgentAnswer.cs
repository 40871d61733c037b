using System.Text;

namespace Godwit.VirtApi.Subresources;

/// <summary>What an agent answered.</summary>
internal sealed record AgentAnswer(int Code, byte[] Body, string ContentType)
{
    public bool IsSuccess => Code is >= 200 and < 300;

    public string Text => Encoding.UTF8.GetString(Body);

    public static AgentAnswer Failed(string message) => new(500, Encoding.UTF8.GetBytes(message), "text/plain");
}
