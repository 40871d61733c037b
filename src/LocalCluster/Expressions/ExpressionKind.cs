namespace Godwit.LocalCluster.Expressions;

/// <summary>What an expression gives, as far as that shows from its text.</summary>
public enum ExpressionKind
{
    /// <summary>It depends on the objects.</summary>
    Any,
    Boolean,
    Text,
    Number,
    List,
    Map,
    Null,
}
