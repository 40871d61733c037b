using System.Text.Json;
using System.Text.Json.Nodes;
using Godwit.Machinery;

namespace Godwit.Types;

/// <summary>Selectors as they are written in a spec, as selectors that can be asked.</summary>
public static class LabelSelectorSpecs
{
    /// <summary>The selector; throws <see cref="SelectorException"/> when it is none. Null selects nothing.</summary>
    public static LabelSelector Read(LabelSelectorSpec? selector) => LabelSelector.FromJson(
        selector is null ? null : JsonSerializer.SerializeToNode(selector, TypesJson.Default.LabelSelectorSpec) as JsonObject);
}
