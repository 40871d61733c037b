using Godwit.Machinery;
using Godwit.Types;

namespace Godwit.Integration.VirtController;

internal static class Keys
{
    public static NamespacedName Key(this ApiObject item) => new(item.Metadata.Namespace ?? "", item.Metadata.Name ?? "");
}
