using System.Globalization;
using System.Text.Json.Nodes;
using Godwit.LocalCluster.ApiServer.Admission;
using Godwit.LocalCluster.ApiServer.Errors;
using Godwit.LocalCluster.ApiServer.Resources;
using Godwit.LocalCluster.ApiServer.Writing;
using Godwit.LocalCluster.Store;

namespace Godwit.LocalCluster.ApiServer;

/// <summary>
/// The verbs of the API without HTTP, as the request pipeline and the cluster's own controllers call them: schema, admission,
/// strategy and store, in that order. Refusals are <see cref="StatusException"/>s.
/// </summary>
public sealed partial class ResourceOperations
{
    private const int MaxAttempts = 50;

    private readonly IReadOnlyList<IAdmissionPlugin> _admission;
    private readonly TimeProvider _time;

    internal ResourceOperations(ResourceRegistry registry, ObjectStore store, IReadOnlyList<IAdmissionPlugin> admission, TimeProvider time)
    {
        Registry = registry;
        Store = store;
        _admission = admission;
        _time = time;
    }

    public ResourceRegistry Registry { get; }

    public ObjectStore Store { get; }

    internal TimeProvider Time => _time;

    /// <summary>The object in its storage version; null when absent.</summary>
    public JsonObject? Find(string qualifiedResource, string ns, string name) =>
        Store.Get(new StoreKey(qualifiedResource, ns, name))?.ToJsonObject();

    /// <summary>A target by qualified resource name (<c>pods</c>, <c>leases.coordination.k8s.io</c>), in the storage version.</summary>
    public ResourceTarget Target(string qualifiedResource, string ns, string name, string? subresource = null)
    {
        var resource = Registry.Find(qualifiedResource) ?? throw ApiErrors.NoSuchResource();
        return new ResourceTarget(resource, resource.StorageVersion, ns, name) { Subresource = subresource };
    }

    /// <summary>The object in the target's version, or a NotFound.</summary>
    public JsonObject Get(ResourceTarget target) =>
        Store.Get(Key(target)) is { } stored ? ObjectReader.Present(stored, target.Resource, target.Version) : throw NotFound(target);

    /// <summary>Creates; a name is made up when only generateName is given. The object is the operation's from then on.</summary>
    public async Task<JsonObject> CreateAsync(ResourceTarget target, JsonObject obj, RequestOptions options, CancellationToken cancellationToken)
    {
        Decoding.CheckKind(target, obj);
        var metadata = Decoding.Metadata(obj);
        CheckNamespace(target, metadata);
        Decoding.Decode(target, obj, options);
        if (Text(metadata, "resourceVersion").Length > 0)
        {
            throw new StatusException(500, "", "resourceVersion should not be set on objects to be created");
        }

        if (target.Resource.Terminating)
        {
            throw ApiErrors.MethodNotAllowed("create not allowed while custom resource definition is terminating");
        }

        var prefix = Text(metadata, "generateName");
        var generated = Text(metadata, "name").Length == 0 && prefix.Length > 0;
        CheckNamespaceIsOpen(target, generated ? prefix : Text(metadata, "name"));
        for (var attempt = 1; ; attempt++)
        {
            var candidate = obj;
            if (generated)
            {
                candidate = (JsonObject)obj.DeepClone();
                candidate["metadata"]!["name"] = NameGenerator.Next(prefix);
            }

            var (stored, result) = await CreateOnceAsync(target, candidate, options, cancellationToken);
            if (result.Outcome == StoreOutcome.Done)
            {
                if (result.Object is not null)
                {
                    await target.Resource.Strategy.SettleAsync(this, target.Namespace, result.Object.Key.Name, cancellationToken);
                }

                return stored;
            }

            if (!generated || attempt == 8)
            {
                var name = Text(candidate, "metadata", "name");
                var exists = ApiErrors.AlreadyExists(target.Resource.Group, target.Resource.Plural, name);
                throw result.Object?.ToJsonObject()["metadata"]?["deletionTimestamp"] is null
                    ? exists
                    : new StatusException(409, exists.Reason, "object is being deleted: " + exists.Message, exists.Details);
            }
        }
    }

    /// <summary>Replaces; with metadata.resourceVersion set, only that revision.</summary>
    public Task<JsonObject> UpdateAsync(ResourceTarget target, JsonObject obj, RequestOptions options, CancellationToken cancellationToken)
    {
        Decoding.CheckKind(target, obj);
        var metadata = Decoding.Metadata(obj);
        CheckNamespace(target, metadata);
        var name = Text(metadata, "name");
        if (name.Length > 0 && name != target.Name)
        {
            throw ApiErrors.BadRequest($"the name of the object ({name}) does not match the name on the URL ({target.Name})");
        }

        if (name.Length == 0)
        {
            throw ApiErrors.BadRequest("the name of the object (based on URL) was undeterminable: name must be provided");
        }

        return ModifyAsync(target, _ => (JsonObject)obj.DeepClone(), options, cancellationToken);
    }

    /// <summary>
    /// Reads, changes a copy, and writes it, again when somebody else was faster. The change must be repeatable. A
    /// resourceVersion that the change leaves or sets must be the current one; one that it removes makes the write unconditional.
    /// </summary>
    public async Task<JsonObject> ModifyAsync(ResourceTarget target, Func<JsonObject, JsonObject> change, RequestOptions options, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            var stored = Store.Get(Key(target)) ?? throw NotFound(target);
            var old = ObjectReader.Present(stored, target.Resource, target.Version);
            var (written, result) = await UpdateOnceAsync(target, stored, old, change((JsonObject)old.DeepClone()), options, cancellationToken);
            switch (result.Outcome)
            {
                case StoreOutcome.Done:
                    return written;
                case StoreOutcome.NotFound:
                    throw NotFound(target);
            }

            if (attempt == MaxAttempts)
            {
                throw ApiErrors.Modified(target.Resource.Group, target.Resource.Plural, target.Name);
            }
        }
    }

    private async Task<(JsonObject Object, StoreResult Result)> CreateOnceAsync(ResourceTarget target, JsonObject obj, RequestOptions options, CancellationToken cancellationToken)
    {
        var resource = target.Resource;
        var context = Context(target, Text(obj, "metadata", "name"), options);
        Track(null, obj, target, options);
        obj = await MutateAsync(AdmissionOperation.Create, target, context.Name, obj, null, options, cancellationToken);
        var metadata = Decoding.Metadata(obj);
        foreach (var name in (string[])["deletionTimestamp", "deletionGracePeriodSeconds", "selfLink", "resourceVersion", "generation"])
        {
            metadata.Remove(name);
        }

        if (target.Namespace.Length > 0)
        {
            metadata["namespace"] = target.Namespace;
        }

        metadata["uid"] = Guid.NewGuid().ToString();
        metadata["creationTimestamp"] = Timestamp(_time.GetUtcNow());
        if (resource.Custom && target.Version.HasStatus)
        {
            obj.Remove("status");
        }

        resource.Strategy.CheckRights(context, obj, null);
        resource.Strategy.PrepareForCreate(context, obj);
        TrackStatus(null, obj, target);
        if (resource.Custom || resource.Strategy.CountsGeneration)
        {
            metadata["generation"] = 1;
        }

        var errors = new List<FieldError>(MetadataRules.Check(resource, obj));
        errors.AddRange(target.Version.Schema?.Validate(obj, null) ?? []);
        errors.AddRange(resource.Strategy.Validate(context, obj));
        try
        {
            ThrowIfInvalid(target, Text(metadata, "name"), errors);
            await ValidateAsync(AdmissionOperation.Create, target, context.Name, obj, null, options, cancellationToken);
        }
        catch
        {
            resource.Strategy.Abandoned(context, obj, null);
            throw;
        }

        if (options.DryRun)
        {
            return Store.Get(Key(target) with { Name = context.Name }) is { } existing
                ? (obj, new StoreResult(StoreOutcome.AlreadyExists, existing))
                : (obj, new StoreResult(StoreOutcome.Done, null));
        }

        var result = await Store.CreateAsync(Key(target) with { Name = context.Name }, ObjectReader.ToStorage(obj, resource));
        if (result.Outcome == StoreOutcome.Done)
        {
            SetRevision(obj, result.Object!.Revision);
            resource.Strategy.Committed(context, obj, null);
        }
        else
        {
            resource.Strategy.Abandoned(context, obj, null);
        }

        return (obj, result);
    }

    private async Task<(JsonObject Object, StoreResult Result)> UpdateOnceAsync(
        ResourceTarget target, StoredObject stored, JsonObject old, JsonObject candidate, RequestOptions options, CancellationToken cancellationToken)
    {
        var resource = target.Resource;
        var metadata = Decoding.Metadata(candidate);
        Decoding.Decode(target, candidate, options);
        CheckPreconditions(target, old, metadata);
        var context = Context(target, target.Name, options);
        candidate = UpdateRules.Limit(target, candidate, old);
        Track(old, candidate, target, options);
        candidate = await MutateAsync(AdmissionOperation.Update, target, target.Name, candidate, old, options, cancellationToken);
        candidate = UpdateRules.Limit(target, candidate, old);
        UpdateRules.KeepSystemMetadata(candidate, old);
        resource.Strategy.CheckRights(context, candidate, old);
        resource.Strategy.PrepareForUpdate(context, candidate, old);
        TrackStatus(old, candidate, target);
        UpdateRules.CountGeneration(target, candidate, old);

        var errors = new List<FieldError>(MetadataRules.CheckUpdate(resource, candidate, old));
        errors.AddRange(target.Version.Schema?.Validate(candidate, old) ?? []);
        errors.AddRange(resource.Strategy.Validate(context, candidate));
        errors.AddRange(resource.Strategy.ValidateUpdate(context, candidate, old));
        try
        {
            ThrowIfInvalid(target, target.Name, errors);
            await ValidateAsync(AdmissionOperation.Update, target, target.Name, candidate, old, options, cancellationToken);
        }
        catch
        {
            resource.Strategy.Abandoned(context, candidate, old);
            throw;
        }

        candidate["metadata"]!["resourceVersion"] = old["metadata"]!["resourceVersion"]!.DeepClone();
        if (DeletionRules.IsFinished(candidate))
        {
            return await RemoveAsync(target, context, stored, candidate, old, options);
        }

        if (options.DryRun || JsonNode.DeepEquals(candidate, old))
        {
            return (candidate, new StoreResult(StoreOutcome.Done, stored));
        }

        var result = await Store.UpdateAsync(stored.Key, ObjectReader.ToStorage(candidate, resource), stored.Revision);
        if (result.Outcome == StoreOutcome.Done)
        {
            SetRevision(candidate, result.Object!.Revision);
            resource.Strategy.Committed(context, candidate, old);
        }
        else
        {
            resource.Strategy.Abandoned(context, candidate, old);
        }

        return (candidate, result);
    }

    /// <summary>Takes the object out of the store. Who watches sees it as <paramref name="seen"/>, who asked gets <paramref name="last"/>.</summary>
    private async Task<(JsonObject Object, StoreResult Result)> RemoveAsync(
        ResourceTarget target, WriteContext context, StoredObject stored, JsonObject last, JsonObject seen, RequestOptions options)
    {
        if (options.DryRun)
        {
            return (last, new StoreResult(StoreOutcome.Done, stored));
        }

        var result = await Store.DeleteAsync(stored.Key, ObjectReader.ToStorage(seen, target.Resource), stored.Revision);
        if (result.Outcome == StoreOutcome.Done)
        {
            SetRevision(last, result.Object!.Revision);
            target.Resource.Strategy.Committed(context, null, last);
        }

        return (last, result);
    }

    private async Task<JsonObject> MutateAsync(
        AdmissionOperation operation, ResourceTarget target, string name, JsonObject? obj, JsonObject? old, RequestOptions options, CancellationToken cancellationToken)
    {
        if (_admission.Count == 0 || options.Admitted)
        {
            return obj!;
        }

        var request = Request(operation, target, name, obj, old, options);
        foreach (var plugin in _admission)
        {
            await plugin.MutateAsync(request, cancellationToken);
        }

        options.Warnings.AddRange(request.Warnings);
        if (request.Object is not { } result)
        {
            return obj!;
        }

        if (target.Resource.Custom && ReferenceEquals(result, obj))
        {
            // Only webhooks touch custom resources, and what they change they change in a copy.
            return result;
        }

        // What a webhook added is pruned and defaulted like what the client sent, but never refused as unknown.
        Decoding.Decode(target, result, options with { FieldValidation = "Ignore", DuplicateFields = [] });
        return result;
    }

    private async Task ValidateAsync(
        AdmissionOperation operation, ResourceTarget target, string name, JsonObject? obj, JsonObject? old, RequestOptions options, CancellationToken cancellationToken)
    {
        if (_admission.Count == 0 || options.Admitted)
        {
            return;
        }

        var request = Request(operation, target, name, obj, old, options);
        foreach (var plugin in _admission)
        {
            await plugin.ValidateAsync(request, cancellationToken);
        }

        options.Warnings.AddRange(request.Warnings);
    }

    private static AdmissionRequest Request(AdmissionOperation operation, ResourceTarget target, string name, JsonObject? obj, JsonObject? old, RequestOptions options) => new()
    {
        Operation = operation,
        Resource = target.Resource,
        Version = target.Version,
        Subresource = target.Subresource,
        Namespace = target.Namespace,
        Name = name,
        Object = obj,
        OldObject = old,
        Options = options.Options,
        User = options.User,
        DryRun = options.DryRun,
    };

    private WriteContext Context(ResourceTarget target, string name, RequestOptions options) =>
        new(target.Resource, target.Version, target.Subresource, target.Namespace, name, options.User, options.DryRun, Store, _time);

    private static StoreKey Key(ResourceTarget target) => new(target.Resource.StoreName, target.Namespace, target.Name);

    private static StatusException NotFound(ResourceTarget target) =>
        ApiErrors.NotFound(target.Resource.Group, target.Resource.Plural, target.Name);

    private static void SetRevision(JsonObject obj, long revision) =>
        obj["metadata"]!["resourceVersion"] = revision.ToString(CultureInfo.InvariantCulture);

    internal static string Timestamp(DateTimeOffset at) =>
        at.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    internal static string Text(JsonObject obj, params ReadOnlySpan<string> path)
    {
        JsonNode? node = obj;
        foreach (var name in path)
        {
            node = (node as JsonObject)?[name];
        }

        return node is JsonValue value && value.TryGetValue<string>(out var text) ? text : "";
    }
}
