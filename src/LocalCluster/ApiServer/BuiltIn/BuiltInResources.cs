using Godwit.LocalCluster.ApiServer.BuiltIn.Columns;
using Godwit.LocalCluster.ApiServer.BuiltIn.Strategies;
using Godwit.LocalCluster.ApiServer.Resources;
using Godwit.LocalCluster.Authorization;
using Godwit.LocalCluster.Schema;

namespace Godwit.LocalCluster.ApiServer.BuiltIn;

/// <summary>The table of kinds that exist without a CustomResourceDefinition.</summary>
internal static class BuiltInResources
{
    private static readonly string[] CreateOnly = ["create"];
    private static readonly string[] WithoutCollection = ["create", "delete", "get", "list", "patch", "update", "watch"];

    public static IEnumerable<ResourceInfo> All(ResourceStrategy services, ResourceStrategy definitions, Authorizer authorizer) =>
        Core(services).Concat(Groups(definitions, authorizer)).Select(r => r with
        {
            Versions = [.. r.Versions.Select(v => v with { Schema = BuiltInSchemas.Provider(r.ApiVersion(v.Name), r.Kind) })],
        });

    private static IEnumerable<ResourceInfo> Core(ResourceStrategy services)
    {
        yield return Kind("", "v1", "namespaces", "Namespace", false, CoreColumns.Namespace, status: true, shortNames: ["ns"], fields: ["status.phase"]) with
        {
            Strategy = new NamespaceStrategy(),
            Verbs = WithoutCollection,
            Subresources = [new("finalize", "Namespace", ["update"])],
        };
        yield return Kind("", "v1", "nodes", "Node", false, NodeColumns.All, status: true, shortNames: ["no"], fields: ["spec.unschedulable"]) with { Strategy = new NodeStrategy() };
        yield return Kind("", "v1", "pods", "Pod", true, PodColumns.All, status: true, shortNames: ["po"], categories: ["all"], fields:
            ["spec.nodeName", "spec.restartPolicy", "spec.schedulerName", "spec.serviceAccountName", "spec.hostNetwork", "status.phase", "status.podIP", "status.nominatedNodeName"]) with
        {
            Strategy = new PodStrategy(),
            Subresources =
            [
                new("attach", "PodAttachOptions", ["create", "get"]),
                new("binding", "Binding", CreateOnly),
                new("eviction", "Eviction", CreateOnly, "policy", "v1"),
                new("exec", "PodExecOptions", ["create", "get"]),
                new("log", "Pod", ["get"]),
            ],
        };
        yield return Kind("", "v1", "bindings", "Binding", true, [TableColumn.Age]) with { Verbs = CreateOnly };
        yield return Kind("", "v1", "configmaps", "ConfigMap", true, CoreColumns.ConfigMap, shortNames: ["cm"]) with { Strategy = new ConfigMapStrategy() };
        yield return Kind("", "v1", "secrets", "Secret", true, CoreColumns.Secret, fields: ["type"]) with { Strategy = new SecretStrategy() };
        yield return Kind("", "v1", "serviceaccounts", "ServiceAccount", true, CoreColumns.ServiceAccount, shortNames: ["sa"]) with
        {
            Strategy = new ReturningStrategy(),
            Subresources = [new("token", "TokenRequest", CreateOnly, "authentication.k8s.io", "v1")],
        };
        yield return Kind("", "v1", "events", "Event", true, EventColumns.All, shortNames: ["ev"], fields:
            ["involvedObject.kind", "involvedObject.namespace", "involvedObject.name", "involvedObject.uid", "involvedObject.apiVersion",
                "involvedObject.resourceVersion", "involvedObject.fieldPath", "reason", "reportingComponent", "source", "type"]) with
        { Strategy = new EventStrategy() };
        yield return Kind("", "v1", "services", "Service", true, CoreColumns.Service, status: true, shortNames: ["svc"], categories: ["all"], fields: ["spec.clusterIP", "spec.type"]) with
        {
            Strategy = services,
        };
        yield return Kind("", "v1", "endpoints", "Endpoints", true, CoreColumns.Endpoints, shortNames: ["ep"]) with { Singular = "endpoints", ListKindOverride = "EndpointsList" };
        yield return Kind("", "v1", "persistentvolumes", "PersistentVolume", false, OtherColumns.PersistentVolume, status: true, shortNames: ["pv"]) with { Strategy = new PersistentVolumeStrategy() };
        yield return Kind("", "v1", "persistentvolumeclaims", "PersistentVolumeClaim", true, OtherColumns.PersistentVolumeClaim, status: true, shortNames: ["pvc"]) with
        {
            Strategy = new PersistentVolumeClaimStrategy(),
        };
        yield return Kind("", "v1", "resourcequotas", "ResourceQuota", true, CoreColumns.ResourceQuota, status: true, shortNames: ["quota"]) with { Strategy = new ReturningStrategy() };
        yield return Kind("", "v1", "limitranges", "LimitRange", true, CoreColumns.LimitRange, shortNames: ["limits"]) with { Strategy = new ReturningStrategy() };
    }

    private static IEnumerable<ResourceInfo> Groups(ResourceStrategy definitions, Authorizer authorizer)
    {
        yield return Kind("events.k8s.io", "v1", "events", "Event", true, EventColumns.All, shortNames: ["ev"], fields:
            ["regarding.kind", "regarding.namespace", "regarding.name", "regarding.uid", "regarding.apiVersion", "regarding.fieldPath", "reason", "reportingController", "type"]) with
        {
            StoredAs = "events",
            View = new EventView(),
        };
        yield return Kind("coordination.k8s.io", "v1", "leases", "Lease", true, CoreColumns.Lease) with { Strategy = new LeaseStrategy() };
        yield return Kind("discovery.k8s.io", "v1", "endpointslices", "EndpointSlice", true, CoreColumns.EndpointSlice) with { Strategy = new GenerationStrategy() };
        yield return Kind("storage.k8s.io", "v1", "storageclasses", "StorageClass", false, OtherColumns.StorageClass, shortNames: ["sc"]) with { Strategy = new StorageClassStrategy() };
        yield return Kind("scheduling.k8s.io", "v1", "priorityclasses", "PriorityClass", false, OtherColumns.PriorityClass, shortNames: ["pc"]) with { Strategy = new PriorityClassStrategy() };
        yield return Kind("policy", "v1", "poddisruptionbudgets", "PodDisruptionBudget", true, OtherColumns.PodDisruptionBudget, status: true, shortNames: ["pdb"]) with { Strategy = new PodDisruptionBudgetStrategy() };
        foreach (var (plural, kind, namespaced) in ((string, string, bool)[])[("roles", "Role", true), ("clusterroles", "ClusterRole", false)])
        {
            yield return Kind("rbac.authorization.k8s.io", "v1", plural, kind, namespaced, OtherColumns.Created) with { Strategy = new RoleStrategy(authorizer) };
            yield return Kind("rbac.authorization.k8s.io", "v1", plural[..^1] + "bindings", kind + "Binding", namespaced, OtherColumns.RoleBinding) with { Strategy = new RoleBindingStrategy(authorizer) };
        }

        yield return Kind("apiextensions.k8s.io", "v1", "customresourcedefinitions", "CustomResourceDefinition", false, OtherColumns.Created, status: true,
            shortNames: ["crd", "crds"], categories: ["api-extensions"]) with
        { Strategy = definitions };
        yield return Kind("apiregistration.k8s.io", "v1", "apiservices", "APIService", false, OtherColumns.ApiService, status: true, categories: ["api-extensions"]);
        yield return Kind("admissionregistration.k8s.io", "v1", "mutatingwebhookconfigurations", "MutatingWebhookConfiguration", false, OtherColumns.Webhooks, categories: ["api-extensions"]) with { Strategy = new Godwit.LocalCluster.Admission.WebhookConfigurationStrategy() };
        yield return Kind("admissionregistration.k8s.io", "v1", "validatingwebhookconfigurations", "ValidatingWebhookConfiguration", false, OtherColumns.Webhooks, categories: ["api-extensions"]) with { Strategy = new Godwit.LocalCluster.Admission.WebhookConfigurationStrategy() };
        yield return Kind("admissionregistration.k8s.io", "v1", "validatingadmissionpolicies", "ValidatingAdmissionPolicy", false, OtherColumns.Policy, status: true, categories: ["api-extensions"]) with { Strategy = new Godwit.LocalCluster.Admission.PolicyStrategy() };
        yield return Kind("admissionregistration.k8s.io", "v1", "validatingadmissionpolicybindings", "ValidatingAdmissionPolicyBinding", false, OtherColumns.PolicyBinding, categories: ["api-extensions"]) with { Strategy = new Godwit.LocalCluster.Admission.PolicyBindingStrategy() };
        foreach (var workload in Workloads())
        {
            yield return workload;
        }

        foreach (var (group, plural, kind, namespaced) in ((string, string, string, bool)[])[
            ("authentication.k8s.io", "selfsubjectreviews", "SelfSubjectReview", false),
            ("authentication.k8s.io", "tokenreviews", "TokenReview", false),
            ("authorization.k8s.io", "localsubjectaccessreviews", "LocalSubjectAccessReview", true),
            ("authorization.k8s.io", "selfsubjectaccessreviews", "SelfSubjectAccessReview", false),
            ("authorization.k8s.io", "selfsubjectrulesreviews", "SelfSubjectRulesReview", false),
            ("authorization.k8s.io", "subjectaccessreviews", "SubjectAccessReview", false)])
        {
            yield return Kind(group, "v1", plural, kind, namespaced, [TableColumn.Age]) with { Verbs = CreateOnly };
        }
    }

    private static IEnumerable<ResourceInfo> Workloads()
    {
        yield return Kind("apps", "v1", "controllerrevisions", "ControllerRevision", true, WorkloadColumns.ControllerRevision) with { Strategy = new ControllerRevisionStrategy() };
        yield return Kind("apps", "v1", "daemonsets", "DaemonSet", true, WorkloadColumns.DaemonSet, status: true, shortNames: ["ds"], categories: ["all"]) with
        {
            Strategy = new DaemonSetStrategy(),
        };
        yield return Scaled(Kind("apps", "v1", "deployments", "Deployment", true, WorkloadColumns.Deployment, status: true, shortNames: ["deploy"], categories: ["all"])) with
        {
            Strategy = new DeploymentStrategy(),
        };
        yield return Scaled(Kind("apps", "v1", "replicasets", "ReplicaSet", true, WorkloadColumns.ReplicaSet, status: true, shortNames: ["rs"], categories: ["all"],
            fields: ["status.replicas"])) with
        { Strategy = new ReplicaSetStrategy() };
    }

    private static ResourceInfo Scaled(ResourceInfo resource) => resource with
    {
        Versions = [.. resource.Versions.Select(v => v with { Scale = new ScaleSubresource(".spec.replicas", ".status.replicas", ".spec.selector") })],
    };

    private static ResourceInfo Kind(
        string group, string version, string plural, string kind, bool namespaced, IReadOnlyList<TableColumn> columns, bool status = false,
        IReadOnlyList<string>? shortNames = null, IReadOnlyList<string>? categories = null, IReadOnlyList<string>? fields = null) => new()
        {
            Group = group,
            Plural = plural,
            Singular = kind.ToLowerInvariant(),
            Kind = kind,
            Namespaced = namespaced,
            ShortNames = shortNames ?? [],
            Categories = categories ?? [],
            Versions = [new ResourceVersionInfo { Name = version, Storage = true, HasStatus = status, Columns = columns, SelectableFields = fields ?? [] }],
        };
}
