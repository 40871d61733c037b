namespace Godwit.Cli;

/// <summary>What the exit code of the command says.</summary>
public static class ExitCodes
{
    public const int Ok = 0;

    /// <summary>It was tried and did not come out as wished: a migration failed, a check did not hold.</summary>
    public const int Failed = 1;

    /// <summary>It could not be tried: wrong words, missing tools, no cluster.</summary>
    public const int Refused = 2;

    /// <summary>The deadline passed; it may still come about.</summary>
    public const int TimedOut = 3;
    public const int Interrupted = 130;
}
