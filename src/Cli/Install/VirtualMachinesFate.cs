namespace Godwit.Cli.Install;

/// <summary>What is to become of virtual machines when Godwit goes.</summary>
public enum VirtualMachinesFate
{
    /// <summary>Nobody has said: with any there, Godwit stays.</summary>
    Unsaid,

    /// <summary>They run on, looked after by nobody until Godwit is installed again.</summary>
    Keep,

    /// <summary>They are ended and removed first.</summary>
    Delete,
}
