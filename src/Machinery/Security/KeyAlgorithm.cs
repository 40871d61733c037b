namespace Godwit.Machinery;

/// <summary>Kinds of keys that certificates are made with.</summary>
public enum KeyAlgorithm
{
    /// <summary>ECDSA on P-256: small and quick to make.</summary>
    EcP256,

    /// <summary>RSA of 2048 bits, for peers that know nothing else.</summary>
    Rsa2048,
}
