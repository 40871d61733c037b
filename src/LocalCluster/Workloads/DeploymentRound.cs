using System.Globalization;
using System.Text.Json.Nodes;
using Godwit.Machinery;

namespace Godwit.LocalCluster.Workloads;

/// <summary>One look at a deployment while it is decided: what has become of its replica sets so far, and its status.</summary>
internal sealed class DeploymentRound
{
    private readonly DeploymentFacts _facts;
    private readonly JsonObject _deployment;
    private readonly JsonObject _status;
    private readonly List<string> _scalings = [];
    private readonly List<OwnedReplicaSet> _deletions = [];
    private JsonObject? _creation;

    public DeploymentRound(DeploymentFacts facts)
    {
        _facts = facts;
        _deployment = facts.Deployment.Clone();
        _status = facts.Deployment["status"] is JsonObject status ? status.Clone() : [];
        var sets = facts.ReplicaSets.Select(s => new OwnedReplicaSet(s)).OrderBy(s => s.Created).ThenBy(s => s.Name, StringComparer.Ordinal).ToList();
        Newest = sets.Find(s => PodTemplates.AreEqual(s.Object.At("spec", "template"), Template));
        Old = [.. sets.Where(s => s != Newest)];
    }

    /// <summary>The set of the present template; null until it is made.</summary>
    public OwnedReplicaSet? Newest { get; private set; }

    public IReadOnlyList<OwnedReplicaSet> Old { get; }

    public IReadOnlyList<OwnedReplicaSet> All => Newest is null ? Old : [.. Old, Newest];

    /// <summary>The deployment was given another scale since its sets were sized.</summary>
    public bool IsScaling => All.Any(s => s.IsActive && s.Number(RolloutNotes.Desired) is { } desired && desired != _facts.Wanted);

    private JsonNode? Template => _facts.Deployment.At("spec", "template");

    /// <summary>Says that the rollout waits for somebody, or no longer does: it is not late then.</summary>
    public void NotePause()
    {
        var progress = DeploymentConditions.Find(_status, DeploymentConditions.Progressing);
        if (_facts.Deadline is null || progress.Text("reason") == DeploymentConditions.DeadlineExceeded)
        {
            return;
        }

        var isNoted = progress.Text("reason") == DeploymentConditions.Paused;
        if (_facts.IsPaused && !isNoted)
        {
            DeploymentConditions.Set(_status, DeploymentConditions.Progressing, "Unknown", DeploymentConditions.Paused, "Deployment is paused", _facts.Now);
        }
        else if (!_facts.IsPaused && isNoted)
        {
            DeploymentConditions.Set(_status, DeploymentConditions.Progressing, "Unknown", DeploymentConditions.Resumed, "Deployment is resumed", _facts.Now);
        }
    }

    /// <summary>Gives the newest set the highest number of a state; makes that set if it may.</summary>
    public void Number(bool create)
    {
        var revision = Old.Select(s => s.Revision).DefaultIfEmpty().Max() + 1;
        if (Newest is { } newest)
        {
            RolloutNotes.Describe(newest.Object, _facts.Deployment, revision);
            var minReady = _facts.Deployment.Integer("spec", "minReadySeconds") ?? 0;
            if ((newest.Object.Integer("spec", "minReadySeconds") ?? 0) != minReady)
            {
                newest.Object.Ensure("spec")["minReadySeconds"] = minReady;
            }

            SetRevision(newest.Object.Text("metadata", "annotations", RolloutNotes.Revision));
            if (_facts.Deadline is not null && DeploymentConditions.Find(_status, DeploymentConditions.Progressing) is null)
            {
                DeploymentConditions.Set(
                    _status, DeploymentConditions.Progressing, "True", DeploymentConditions.FoundNewReplicaSet, $"Found new replica set \"{newest.Name}\"", _facts.Now);
            }
        }
        else if (create)
        {
            Create(revision);
        }
    }

    /// <summary>Makes a set larger or smaller; false when it is so large already.</summary>
    public bool Resize(OwnedReplicaSet set, long size)
    {
        var before = set.Wanted;
        if (set.IsDeleting || before == size)
        {
            return false;
        }

        set.Wanted = size;
        RolloutNotes.Size(set.Object, _facts.Wanted, Most);
        _scalings.Add($"Scaled {(size > before ? "up" : "down")} replica set {set.Name} from {before} to {size}");
        return true;
    }

    /// <summary>Gives a set its part of a new scale; that it has been considered is noted even when its size stays.</summary>
    public void Fit(OwnedReplicaSet set, long size)
    {
        Resize(set, size);
        RolloutNotes.Size(set.Object, _facts.Wanted, Most);
    }

    /// <summary>Forgets the oldest states beyond those that are to be kept.</summary>
    public void CleanUp()
    {
        if (_facts.Deployment.Integer("spec", "revisionHistoryLimit") is not { } limit)
        {
            return;
        }

        var old = Old.Where(s => !s.IsDeleting).OrderBy(s => s.Revision).ThenBy(s => s.Created).ToList();
        _deletions.AddRange(old.Take((int)Math.Max(0, old.Count - limit)).Where(s => s is { IsActive: false, Replicas: 0, IsObserved: true }));
    }

    public void CleanUpWhenComplete()
    {
        if (DeploymentStatus.IsComplete(_facts, _facts.Deployment["status"]))
        {
            CleanUp();
        }
    }

    /// <summary>What is to be written.</summary>
    /// <param name="isRollout">The status says how the rollout goes; otherwise it is only counted.</param>
    public DeploymentPlan Finish(bool isRollout)
    {
        var status = DeploymentStatus.Count(_facts, All, Newest, _status);
        if (isRollout)
        {
            DeploymentStatus.Judge(_facts, status, All, Newest);
        }

        _deployment["status"] = status;
        return new()
        {
            Creation = _creation,
            Changes = [.. All.Where(s => s.IsChanged && s.Object != _creation).Select(s => s.Object)],
            Deletions = _deletions,
            Scalings = _scalings,
            Deployment = JsonNode.DeepEquals(_deployment, _facts.Deployment) ? null : _deployment,
            LookAgainAt = DeploymentStatus.TimesOutAt(_facts, status),
        };
    }

    private long Most => _facts.Wanted + RolloutBounds.Of(_facts.Deployment).Surge;

    private void Create(long revision)
    {
        var hash = PodTemplates.Hash(Template, _facts.Deployment.Integer("status", "collisionCount"));
        var template = (JsonObject)(Template?.DeepClone() ?? new JsonObject());
        template.Ensure("metadata", "labels")[PodTemplates.HashLabel] = hash;
        var selector = (JsonObject)(_facts.Deployment.At("spec", "selector")?.DeepClone() ?? new JsonObject());
        selector.Ensure("matchLabels")[PodTemplates.HashLabel] = hash;
        var size = DeploymentDecision.RoomFor(_facts, 0, Old.Sum(s => s.Wanted));
        var set = new JsonObject
        {
            ["apiVersion"] = "apps/v1",
            ["kind"] = "ReplicaSet",
            ["metadata"] = new JsonObject
            {
                ["name"] = $"{_facts.Deployment.Name()}-{hash}",
                ["namespace"] = _facts.Deployment.Namespace(),
                ["labels"] = template.At("metadata", "labels")!.DeepClone(),
                ["ownerReferences"] = new JsonArray(OwnedObjects.Reference(_facts.Deployment)),
            },
            ["spec"] = new JsonObject { ["replicas"] = size, ["selector"] = selector, ["template"] = template },
        };
        if (_facts.Deployment.Integer("spec", "minReadySeconds") is > 0 and var minReady)
        {
            ((JsonObject)set["spec"]!)["minReadySeconds"] = minReady;
        }

        RolloutNotes.Describe(set, _facts.Deployment, revision);
        RolloutNotes.Size(set, _facts.Wanted, Most);
        if (size > 0)
        {
            _scalings.Add($"Scaled up replica set {set.Name()} from 0 to {size}");
        }

        Newest = new OwnedReplicaSet(set);
        _creation = Newest.Object;
        SetRevision(revision.ToString(CultureInfo.InvariantCulture));
        if (_facts.Deadline is not null)
        {
            DeploymentConditions.Set(
                _status, DeploymentConditions.Progressing, "True", DeploymentConditions.NewReplicaSetCreated, $"Created new replica set \"{set.Name()}\"", _facts.Now);
        }
    }

    private void SetRevision(string? revision)
    {
        if (revision is not null)
        {
            _deployment.Ensure("metadata", "annotations")[RolloutNotes.Revision] = revision;
        }
    }
}
