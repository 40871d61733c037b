using Godwit.VirtHandler.Migration;

namespace Godwit.Unit.VirtHandler.Migration;

/// <summary>
/// All that can happen next: an agent reads, decides, or does what it has decided; a write arrives or is lost; QEMU goes on;
/// something dies. Each is one step, so everything may come between an agent's decision and its deed.
/// </summary>
internal sealed class SwitchoverModel
{
    /// <summary>The rules that the agents ask.</summary>
    public SwitchoverRules Rules { get; init; } = SwitchoverRules.Standard;

    /// <summary>As if the target had been started without <c>-S</c>.</summary>
    public bool TargetRunsByItself { get; init; }

    public IEnumerable<(ModelState State, bool IsMisfortune)> Next(ModelState s) =>
    [
        .. Agents(s).Concat(Writes(s)).Concat(Qemus(s)).Select(next => (next, false)),
        .. Misfortunes(s).Select(next => (next, true)),
    ];

    private IEnumerable<ModelState> Agents(ModelState s)
    {
        if (s.SourceAgent.Seen != s.Record)
        {
            yield return s with { SourceAgent = s.SourceAgent with { Seen = s.Record } };
        }

        if (s.TargetAgent.Seen != s.Record)
        {
            yield return s with { TargetAgent = s.TargetAgent with { Seen = s.Record } };
        }

        if (s.SourceAgent.Ordering > 0)
        {
            yield return Order(s);
        }
        else if (s.SourceAgent.Pending != SourceAction.Wait)
        {
            foreach (var next in Do(s, s.SourceAgent.Pending))
            {
                yield return next with { SourceAgent = next.SourceAgent with { Pending = SourceAction.Wait, DecidedOn = 0 } };
            }
        }
        else
        {
            foreach (var (stuck, deaf) in ((bool, bool)[])[(false, false), (true, false), (false, true), (true, true)])
            {
                var action = Rules.Source(Facts(s, stuck, deaf)).Action;
                if (action == SourceAction.Wait && s.Budget.PostCopyOrders > 0 && s is { Source: SourcePhase.Active, SourceAgent.Ordering: 0 })
                {
                    // The monitor orders post-copy, in three steps.
                    yield return s with
                    {
                        SourceAgent = s.SourceAgent with { Ordering = 1 },
                        Budget = s.Budget with { PostCopyOrders = (byte)(s.Budget.PostCopyOrders - 1) },
                    };
                }

                if (action is not (SourceAction.Wait or SourceAction.Done))
                {
                    yield return s with { SourceAgent = s.SourceAgent with { Pending = action, DecidedOn = s.SourceAgent.Seen.Version } };
                }
            }
        }

        if (s.TargetAgent.Pending != TargetAction.Wait)
        {
            yield return Do(s, s.TargetAgent.Pending);
        }
        else
        {
            var action = Rules.Target(TargetFacts(s)).Action;
            if (action is not (TargetAction.Wait or TargetAction.Done))
            {
                yield return s with { TargetAgent = s.TargetAgent with { Pending = action, DecidedOn = s.TargetAgent.Seen.Version } };
            }
        }
    }

    /// <summary>Stop; note that it was stopped by hand; order. A QEMU that stands still by itself takes the stop for nothing.</summary>
    private static ModelState Order(ModelState s) => s.SourceAgent.Ordering switch
    {
        1 when s is { Source: SourcePhase.Active, SourceRuns: true } =>
            s with { SourceRuns = false, StoppedByHand = true, SourceAgent = s.SourceAgent with { Ordering = 2 } },
        2 when s.StoppedByHand =>
            s with { Ordered = true, Source = s.Source == SourcePhase.Active ? SourcePhase.Switching : s.Source, SourceAgent = s.SourceAgent with { Ordering = 3 } },
        3 => s with { SwitchesToPostCopy = s.Source == SourcePhase.Switching, SourceAgent = s.SourceAgent with { Ordering = 0 } },
        _ => s with { SourceAgent = s.SourceAgent with { Ordering = 0 } },
    };

    /// <param name="s">The moment.</param>
    /// <param name="stuck">QEMU takes longer than it may.</param>
    /// <param name="deaf">The API server has not answered for as long as the guest may stand still.</param>
    private static SourceFacts Facts(ModelState s, bool stuck, bool deaf) => new()
    {
        SinceAnswer = deaf ? TimeSpan.FromHours(2) : TimeSpan.Zero,
        Standing = deaf ? TimeSpan.FromHours(1) : TimeSpan.Zero,
        CommitSent = s.SourceAgent.CommitSent,
        Owner = s.SourceAgent.Seen.Owner,
        Failed = s.SourceAgent.Seen.Failed,
        AbortRequested = s.SourceAgent.Seen.Abort,
        TargetListening = s.SourceAgent.Seen.Listening,
        TargetRuns = s.SourceAgent.Seen.Runs && (!s.SourceAgent.Seen.PostCopy || s.SourceAgent.Seen.Whole),
        PostCopy = s.SourceAgent.Seen.PostCopy || s.Ordered,
        Phase = s.Source,
        GuestStopped = !s.SourceRuns,
        Prepared = s.Prepared,
        GivenUp = s.SourceAgent.GivenUp ? "stuck" : null,
        Stuck = stuck,
    };

    private static TargetFacts TargetFacts(ModelState s) => new()
    {
        Owner = s.TargetAgent.Seen.Owner,
        Failed = s.TargetAgent.Seen.Failed,
        Published = s.TargetAgent.Seen.Listening,
        ArrivalReported = s.TargetAgent.Seen.Runs,
        RunReported = s.TargetAgent.Seen.Runs && (!s.TargetAgent.Seen.PostCopy || s.TargetAgent.Seen.Whole),
        PostCopy = s.TargetAgent.Seen.PostCopy,
        Phase = s.Target,
        MayHaveRun = s.Released,
    };

    private static IEnumerable<ModelState> Do(ModelState s, SourceAction action)
    {
        switch (action)
        {
            case SourceAction.Start:
                return [s with { Prepared = true }];
            case SourceAction.Migrate when s.Source == SourcePhase.Idle && s.Target == TargetPhase.Listening:
                return [s with { Source = SourcePhase.Active, Target = TargetPhase.Receiving }];
            case SourceAction.Migrate when s.Source == SourcePhase.Idle:
                return [s with { Source = SourcePhase.Failed }];
            case SourceAction.Continue when s.Source == SourcePhase.PreSwitchover:
                return [s.Target == TargetPhase.Receiving ? s with { Source = SourcePhase.Device } : Broken(s)];
            case SourceAction.Cancel or SourceAction.Yank when s.Source is SourcePhase.Active or SourcePhase.Switching or SourcePhase.PreSwitchover:
                return [Broken(s)];
            case SourceAction.Cancel or SourceAction.Yank when s.Source == SourcePhase.Device:
                // It may come too late.
                return [Broken(s), s];
            case SourceAction.Resume when s.Source is SourcePhase.Completed or SourcePhase.Failed or SourcePhase.Idle:
                return [s with { SourceRuns = true, StoppedByHand = false, Source = s.Source == SourcePhase.Idle ? SourcePhase.Idle : SourcePhase.Failed }];
            case SourceAction.Finish or SourceAction.GiveUp when s.Source != SourcePhase.Gone:
                return [s with { Source = SourcePhase.Gone, SourceRuns = false }];
            case SourceAction.BreakChannel when s.Source == SourcePhase.PostCopy:
                return [ChannelBroken(s)];
            case SourceAction.RecoverChannel when s.Source == SourcePhase.PostCopyPaused && s.Target == TargetPhase.PostCopyPaused:
                return [s with { Source = SourcePhase.PostCopy, Target = s.TargetEverRan ? TargetPhase.PostCopyRunning : TargetPhase.PostCopyHeld }];
            case SourceAction.Commit:
                return [Send(s, s.Ordered ? ModelWrite.CommitPostCopy : ModelWrite.Commit, s.SourceAgent.DecidedOn) with { SourceAgent = s.SourceAgent with { CommitSent = true } }];
            case SourceAction.RecordFailure:
                return [Send(s, ModelWrite.Failure, 0)];
            default:
                return [s];
        }
    }

    private static ModelState Do(ModelState s, TargetAction action)
    {
        var idle = s with { TargetAgent = s.TargetAgent with { Pending = TargetAction.Wait, DecidedOn = 0 } };
        return action switch
        {
            TargetAction.Prepare when s.Target == TargetPhase.NotPrepared => idle with { Target = TargetPhase.Waiting },
            TargetAction.Listen when s.Target == TargetPhase.Waiting => idle with { Target = TargetPhase.Listening },
            TargetAction.Publish => Send(idle, ModelWrite.Publish, 0),
            // Two steps: the note on disk, then the order. The agent, or QEMU, may die between them.
            TargetAction.Run when !s.Released => s with { Released = true },
            TargetAction.Run when s.Target == TargetPhase.PostCopyHeld => idle with { Target = TargetPhase.PostCopyRunning, TargetEverRan = true },
            TargetAction.Run when s.Target == TargetPhase.Loaded => idle with { Target = TargetPhase.Running, TargetEverRan = true },
            TargetAction.End when s.Target != TargetPhase.NotPrepared => idle with { Target = TargetPhase.Gone },
            TargetAction.ReportArrival => Send(idle, ModelWrite.ReportArrival, 0),
            TargetAction.ReportRunning => Send(idle, ModelWrite.Report, 0),
            TargetAction.HandBack => Send(idle, ModelWrite.HandBack, s.TargetAgent.DecidedOn),
            _ => idle,
        };
    }

    /// <summary>The source gives up and goes on by itself; a target that has everything does not notice.</summary>
    private static ModelState Broken(ModelState s) => s with
    {
        Source = SourcePhase.Failed,
        // One that was stopped by hand stays so.
        SourceRuns = !s.StoppedByHand,
        Target = s.Target is TargetPhase.Receiving ? TargetPhase.Failed : s.Target,
    };

    private static ModelState ChannelBroken(ModelState s) => s with
    {
        Source = SourcePhase.PostCopyPaused,
        Target = s.Target is TargetPhase.PostCopyHeld or TargetPhase.PostCopyRunning ? TargetPhase.PostCopyPaused : s.Target,
    };

    private static ModelState Send(ModelState s, ModelWrite kind, byte seen)
    {
        var message = new ModelMessage(kind, seen);
        if (s.First == message || s.Second == message || s.Third == message)
        {
            return s;
        }

        return s.First.Kind != ModelWrite.None && s.Second.Kind != ModelWrite.None && s.Third.Kind != ModelWrite.None
            ? s
            : Sorted(s, [s.First, s.Second, s.Third], message);
    }

    private static IEnumerable<ModelState> Writes(ModelState s)
    {
        ModelMessage[] messages = [s.First, s.Second, s.Third];
        foreach (var message in messages.Where(m => m.Kind != ModelWrite.None).Distinct())
        {
            ModelMessage[] rest = [.. messages.Where(m => m != message)];
            yield return Sorted(s, rest, default);
            yield return Sorted(s with { Record = Apply(s.Record, message) }, rest, default);
            // Taken, and yet still under way: repeated by the network.
            yield return s with { Record = Apply(s.Record, message) };
        }
    }

    private static ModelRecord Apply(ModelRecord r, ModelMessage message) => message.Kind switch
    {
        ModelWrite.Publish when r.Owner == Owner.Source => Changed(r, r with { Listening = true }),
        ModelWrite.Failure when r.Owner == Owner.Source => Changed(r, r with { Failed = true }),
        ModelWrite.Commit when r.Owner == Owner.Source && r.Version == message.Seen => Changed(r, r with { Owner = Owner.Target }),
        ModelWrite.CommitPostCopy when r.Owner == Owner.Source && r.Version == message.Seen =>
            Changed(r, r with { Owner = Owner.Target, PostCopy = true }),
        ModelWrite.ReportArrival when r.Owner == Owner.Target => Changed(r, r with { Runs = true }),
        ModelWrite.Report when r.Owner == Owner.Target => Changed(r, r with { Runs = true, Whole = true }),
        ModelWrite.HandBack when r.Owner == Owner.Target && r.Version == message.Seen =>
            Changed(r, r with { Owner = Owner.Source, Failed = true }),
        _ => r,
    };

    private static ModelRecord Changed(ModelRecord before, ModelRecord after) =>
        before == after ? before : after with { Version = (byte)(before.Version + 1) };

    private IEnumerable<ModelState> Qemus(ModelState s)
    {
        var dead = s.Target is TargetPhase.Gone or TargetPhase.Failed;
        switch (s.Source)
        {
            case SourcePhase.Active or SourcePhase.Switching when dead:
                yield return Broken(s);
                break;
            case SourcePhase.Active or SourcePhase.Switching:
                yield return s with { Source = SourcePhase.PreSwitchover, SourceRuns = false };
                break;
            case SourcePhase.Device when s.SwitchesToPostCopy:
                if (s.Target == TargetPhase.Receiving)
                {
                    yield return s with { Source = SourcePhase.PostCopy, Target = TargetPhase.PostCopyHeld };
                }

                yield return Broken(s);
                break;
            case SourcePhase.PostCopy when s.Target is TargetPhase.PostCopyHeld or TargetPhase.PostCopyRunning:
                yield return s with
                {
                    Source = SourcePhase.Completed,
                    Target = s.Target == TargetPhase.PostCopyHeld ? TargetPhase.Loaded : TargetPhase.Running,
                };
                break;
            case SourcePhase.PostCopy when dead:
                yield return s with { Source = SourcePhase.PostCopyPaused };
                break;
            case SourcePhase.Gone when s.Target is TargetPhase.PostCopyHeld or TargetPhase.PostCopyRunning:
                yield return s with { Target = TargetPhase.PostCopyPaused };
                break;
            case SourcePhase.Device:
                if (s.Target == TargetPhase.Receiving)
                {
                    yield return TargetRunsByItself ? s with { Target = TargetPhase.Running, TargetEverRan = true } : s with { Target = TargetPhase.Loaded };
                }

                if (s.Target is TargetPhase.Loaded or TargetPhase.Running)
                {
                    yield return s with { Source = SourcePhase.Completed };
                }

                // The channel may break at any time, also after the target has everything: the lost acknowledgement.
                yield return Broken(s);
                break;
            case SourcePhase.Gone when s.Target == TargetPhase.Receiving:
                yield return s with { Target = TargetPhase.Failed };
                break;
        }
    }

    private static IEnumerable<ModelState> Misfortunes(ModelState s)
    {
        var b = s.Budget;
        if (b.Aborts > 0)
        {
            yield return s with { Record = Changed(s.Record, s.Record with { Abort = true }), Budget = b with { Aborts = 0 } };
        }

        if (b.ControllerFailures > 0)
        {
            yield return s with { Record = Changed(s.Record, s.Record with { Failed = true }), Budget = b with { ControllerFailures = 0 } };
        }

        if (b.ChannelBreaks > 0 && s.Source == SourcePhase.PostCopy && s.Target is TargetPhase.PostCopyHeld or TargetPhase.PostCopyRunning)
        {
            yield return ChannelBroken(s) with { Budget = b with { ChannelBreaks = (byte)(b.ChannelBreaks - 1) } };
        }

        if (b.GiveUps > 0 && s.Source == SourcePhase.Active)
        {
            yield return s with { SourceAgent = s.SourceAgent with { GivenUp = true }, Budget = b with { GiveUps = 0 } };
        }

        if (b.SourceAgentDeaths > 0)
        {
            yield return s with
            {
                SourceAgent = new ModelSource(
                    s.Record,
                    SourceAction.Wait,
                    0,
                    false,
                    CommitSent: Switchover.MayBeCommitted(s.Source)),
                Budget = b with { SourceAgentDeaths = (byte)(b.SourceAgentDeaths - 1) },
            };
        }

        if (b.TargetAgentDeaths > 0)
        {
            yield return s with
            {
                TargetAgent = new ModelTarget(s.Record, TargetAction.Wait, 0),
                Budget = b with { TargetAgentDeaths = (byte)(b.TargetAgentDeaths - 1) },
            };
        }

        if (b.SourceQemuDeaths > 0 && s.Source != SourcePhase.Gone)
        {
            yield return s with { Source = SourcePhase.Gone, SourceRuns = false, Budget = b with { SourceQemuDeaths = 0 } };
        }

        if (b.TargetQemuDeaths > 0 && s.Target is not (TargetPhase.Gone or TargetPhase.NotPrepared))
        {
            yield return s with { Target = TargetPhase.Gone, Budget = b with { TargetQemuDeaths = 0 } };
        }
    }

    private static ModelState Sorted(ModelState s, ModelMessage[] messages, ModelMessage more)
    {
        ModelMessage[] all = [.. messages.Append(more).Where(m => m.Kind != ModelWrite.None).OrderDescending(), default, default, default];
        return s with { First = all[0], Second = all[1], Third = all[2] };
    }
}
