using System.Text.Json.Nodes;
using Godwit.LocalCluster.ApiServer.Errors;
using Godwit.LocalCluster.Store;

namespace Godwit.LocalCluster.ApiServer;

public sealed partial class ResourceOperations
{
    private static void CheckPreconditions(ResourceTarget target, JsonObject old, JsonObject metadata)
    {
        var uid = Text(metadata, "uid");
        var oldUid = Text(old, "metadata", "uid");
        if (uid.Length > 0 && uid != oldUid)
        {
            throw ApiErrors.Conflict(target.Resource.Group, target.Resource.Plural, target.Name,
                $"StorageError: invalid object, Code: 4, Key: /registry/{target.Resource.StoreName}/{(target.Namespace.Length > 0 ? target.Namespace + "/" : "")}{target.Name}, ResourceVersion: 0, AdditionalErrorMsg: Precondition failed: UID in precondition: {uid}, UID in object meta: {oldUid}");
        }

        var revision = Text(metadata, "resourceVersion");
        if (revision.Length == 0)
        {
            if (target.Resource.Custom || !target.Resource.Strategy.AllowsUnconditionalUpdate)
            {
                ThrowIfInvalid(target, target.Name, [FieldError.Invalid("metadata.resourceVersion", "0", "must be specified for an update")]);
            }
        }
        else if (revision != Text(old, "metadata", "resourceVersion"))
        {
            throw ApiErrors.Modified(target.Resource.Group, target.Resource.Plural, target.Name);
        }
    }

    private static void CheckNamespace(ResourceTarget target, JsonObject metadata)
    {
        var ns = Text(metadata, "namespace");
        if (!target.Resource.Namespaced)
        {
            metadata.Remove("namespace");
        }
        else if (ns.Length > 0 && ns != target.Namespace)
        {
            throw ApiErrors.BadRequest("the namespace of the provided object does not match the namespace sent on the request");
        }
        else
        {
            metadata["namespace"] = target.Namespace;
        }
    }

    private void CheckNamespaceIsOpen(ResourceTarget target, string name)
    {
        if (!target.Resource.Namespaced)
        {
            return;
        }

        var ns = Store.Get(new StoreKey("namespaces", "", target.Namespace)) ?? throw ApiErrors.NotFound("", "namespaces", target.Namespace);

        // Asked at each creation, and hardly ever so: it is read only if the word is in it at all.
        if (ns.Json.Span.IndexOf("\"deletionTimestamp\""u8) >= 0 && ns.ToJsonObject()["metadata"]?["deletionTimestamp"] is not null)
        {
            throw ApiErrors.Forbidden(target.Resource.Group, target.Resource.Plural, name,
                $"unable to create new content in namespace {target.Namespace} because it is being terminated",
                new JsonObject
                {
                    ["reason"] = "NamespaceTerminating",
                    ["message"] = $"namespace {target.Namespace} is being terminated",
                    ["field"] = "metadata.namespace",
                });
        }
    }

    private static void ThrowIfInvalid(ResourceTarget target, string name, List<FieldError> errors)
    {
        if (errors.Count > 0)
        {
            throw ApiErrors.Invalid(target.Resource.Group, target.Resource.Kind, name, errors);
        }
    }
}
