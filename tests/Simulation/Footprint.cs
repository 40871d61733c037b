using System.Collections;
using System.Reflection;

namespace Godwit.Simulation;

/// <summary>
/// How much the components remember: the sizes of all their collections that can still be reached, summed up by field. At rest a
/// component hangs on its timers and on its reads alone, so these are what is walked from.
/// </summary>
internal static class Footprint
{
    private const BindingFlags Fields = BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;
    private static readonly Dictionary<Type, FieldInfo[]> Known = [];

    public static IReadOnlyDictionary<string, int> Of(IEnumerable<object> roots)
    {
        var sizes = new SortedDictionary<string, int>(StringComparer.Ordinal);
        var seen = new HashSet<object>(ReferenceEqualityComparer.Instance);
        var open = new Stack<object>(roots);
        while (open.TryPop(out var at))
        {
            var type = at.GetType();
            if (!type.IsValueType && !seen.Add(at))
            {
                continue;
            }

            if (at is Array items)
            {
                if (IsWorthwhile(type.GetElementType()!))
                {
                    foreach (var item in items.OfType<object>())
                    {
                        open.Push(item);
                    }
                }

                continue;
            }

            foreach (var field in FieldsOf(type))
            {
                if (field.GetValue(at) is not { } value)
                {
                    continue;
                }

                open.Push(value);
                if (IsOurs(field.DeclaringType!) && SizeOf(value) is { } size)
                {
                    var name = $"{field.DeclaringType!.Name}.{field.Name}";
                    sizes[name] = sizes.GetValueOrDefault(name) + size;
                }
            }
        }

        return sizes;
    }

    private static bool IsOurs(Type type) => type.Namespace is { } name
        && name.StartsWith("Godwit.", StringComparison.Ordinal) && !name.StartsWith("Godwit.Simulation", StringComparison.Ordinal);

    private static int? SizeOf(object value) => value is string || value is Array ? null
        : value is ICollection collection ? collection.Count
        : value.GetType() is { IsGenericType: true } type && type.GetGenericTypeDefinition() == typeof(HashSet<>)
            ? (int)type.GetProperty("Count")!.GetValue(value)!
        : null;

    private static FieldInfo[] FieldsOf(Type type)
    {
        if (!Known.TryGetValue(type, out var fields))
        {
            var all = new List<FieldInfo>();
            for (var part = type; part is not null && part != typeof(object); part = part.BaseType)
            {
                all.AddRange(part.GetFields(Fields).Where(field => IsWorthwhile(field.FieldType)));
            }

            Known[type] = fields = [.. all];
        }

        return fields;
    }

    private static bool IsWorthwhile(Type type) =>
        !type.IsPrimitive && !type.IsEnum && !type.IsPointer && !type.IsByRefLike && type != typeof(string)
        && !typeof(MemberInfo).IsAssignableFrom(type) && !typeof(Assembly).IsAssignableFrom(type) && type != typeof(Thread);
}
