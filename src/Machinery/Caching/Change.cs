namespace Godwit.Machinery;

/// <summary>What happened to one object in a cache: <see cref="Old"/> is null when it is new, <see cref="New"/> when it is gone.</summary>
public sealed record Change<T>(NamespacedName Key, T? Old, T? New)
    where T : class
{
    /// <summary>The object as it is, or as it last was.</summary>
    public T Last => New ?? Old!;
}
