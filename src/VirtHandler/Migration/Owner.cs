namespace Godwit.VirtHandler.Migration;

/// <summary>Whom the ownership record names, seen from one migration.</summary>
public enum Owner
{
    Source,
    Target,

    /// <summary>A pod that takes no part in this migration: the record has moved on.</summary>
    Other,
}
