namespace Godwit.LocalCluster.Images;

/// <summary>An image is missing or cannot be read; the message names it and the remedy.</summary>
public sealed class ImageException(string message) : Exception(message);
