namespace Godwit.VirtApi.Subresources;

/// <summary>The user on whose behalf the API server passes a request on.</summary>
public sealed record RemoteUser(string Name, IReadOnlyList<string> Groups, IReadOnlyDictionary<string, IReadOnlyList<string>> Extra);
