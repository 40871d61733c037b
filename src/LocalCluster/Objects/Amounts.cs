using Godwit.Machinery;

namespace Godwit.LocalCluster.Objects;

/// <summary>Reads resource quantities as whole numbers; what is absent is nothing.</summary>
public static class Amounts
{
    /// <summary>The value in units, rounded up: bytes of memory, pieces of a device.</summary>
    public static long Units(string? quantity) => string.IsNullOrEmpty(quantity) ? 0 : Quantity.Parse(quantity).Value;

    /// <summary>The value in thousandths, rounded up: milli-CPUs.</summary>
    public static long Milli(string? quantity) => string.IsNullOrEmpty(quantity) ? 0 : Quantity.Parse(quantity).MilliValue;
}
