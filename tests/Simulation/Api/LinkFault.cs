namespace Godwit.Simulation.Api;

/// <summary>What may be wrong between a process and the API server.</summary>
internal enum LinkFault
{
    /// <summary>Nothing is answered and no event comes: packets vanish.</summary>
    Away,

    /// <summary>Connections are refused, and open ones are broken.</summary>
    Refused,

    /// <summary>Requests and events take up to seconds.</summary>
    Slow,

    /// <summary>Some requests are carried out, but their answers are lost.</summary>
    LosesAnswers,

    /// <summary>Some requests are carried out long after the client has given up.</summary>
    Late,

    /// <summary>Some writes are refused as conflicts, some calls as the server's own failure.</summary>
    Refuses,

    /// <summary>Events come late while requests work: caches are behind.</summary>
    Behind,

    /// <summary>Events come twice.</summary>
    Repeats,
}
