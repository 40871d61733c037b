using System.Globalization;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging;

namespace Godwit.Machinery;

/// <summary>
/// Lets one of several processes work, by a Lease. Each term has its own token, which is cancelled early enough that the
/// work can stop before another process may take the lease. A lease counts as expired when it was not seen to change for its
/// duration by the own monotonic clock: clocks of different machines are never compared.
/// </summary>
public sealed partial class LeaderElection
{
    private readonly ApiClient _api;
    private readonly LeaderElectionOptions _options;
    private readonly ILogger _logger;
    private readonly TimeProvider _clock;
    private JsonObject? _seen;
    private long _seenAt;

    public LeaderElection(ApiClient api, LeaderElectionOptions options, ILogger logger, TimeProvider? clock = null)
    {
        if (options.RenewDeadline >= options.LeaseDuration)
        {
            throw new ArgumentException("The renew deadline must be shorter than the lease.", nameof(options));
        }

        _api = api;
        _options = options;
        _logger = logger;
        _clock = clock ?? TimeProvider.System;
    }

    /// <summary>Whether this process holds the lease now.</summary>
    public bool IsLeader { get; private set; }

    /// <summary>
    /// Runs the work whenever this process leads, until cancelled. When a term ends, the work's token is cancelled and the
    /// next try for the lease waits until the work has stopped. An exception of the work ends everything.
    /// </summary>
    public async Task RunAsync(Func<CancellationToken, Task> work, CancellationToken ct)
    {
        while (true)
        {
            await AcquireAsync(ct);
            LogLeading(_logger, _options.Identity, _options.Lease);
            using var term = CancellationTokenSource.CreateLinkedTokenSource(ct);
            IsLeader = true;
            var renewing = RenewAsync(term);
            try
            {
                await work(term.Token);
                ct.ThrowIfCancellationRequested();
                if (!term.IsCancellationRequested)
                {
                    return;
                }
            }
            catch (OperationCanceledException) when (term.IsCancellationRequested && !ct.IsCancellationRequested)
            {
                // The term ended; try for the next one.
            }
            finally
            {
                await term.CancelAsync();
                IsLeader = false;
                await renewing;
                await ReleaseAsync();
            }

            LogLost(_logger, _options.Identity, _options.Lease);
        }
    }

    private async Task AcquireAsync(CancellationToken ct)
    {
        var complained = false;
        while (true)
        {
            try
            {
                if (await TryHoldAsync(ct))
                {
                    return;
                }

                complained = false;
            }
            catch (ApiException e)
            {
                if (!complained && !e.IsConflict && !e.IsAlreadyExists)
                {
                    LogFailing(_logger, _options.Lease, e.Message);
                    complained = true;
                }
            }

            await Task.Delay(_options.RetryPeriod, _clock, ct);
        }
    }

    private async Task RenewAsync(CancellationTokenSource term)
    {
        var renewed = _clock.GetTimestamp();
        try
        {
            while (true)
            {
                await Task.Delay(_options.RetryPeriod, _clock, term.Token);
                var left = _options.RenewDeadline - _clock.GetElapsedTime(renewed);
                if (left <= TimeSpan.Zero)
                {
                    await term.CancelAsync();
                    return;
                }

                // Counted from before the call: the server may have stored the time before we hear of it.
                var begun = _clock.GetTimestamp();
                using var deadline = new CancellationTokenSource(left, _clock);
                using var linked = CancellationTokenSource.CreateLinkedTokenSource(term.Token, deadline.Token);
                try
                {
                    if (!await TryHoldAsync(linked.Token))
                    {
                        await term.CancelAsync();
                        return;
                    }

                    renewed = begun;
                }
                catch (ApiException e)
                {
                    LogFailing(_logger, _options.Lease, e.Message);
                }
                catch (OperationCanceledException) when (!term.IsCancellationRequested)
                {
                    // The deadline passed during the call; the next round ends the term.
                }
            }
        }
        catch (OperationCanceledException) when (term.IsCancellationRequested)
        {
            // The work ended or was told to.
        }
        catch
        {
            // Work must not go on under a lease that nobody renews.
            await term.CancelAsync();
            throw;
        }
    }

    /// <summary>Takes or renews the lease; false when another process holds it.</summary>
    private async Task<bool> TryHoldAsync(CancellationToken ct)
    {
        var lease = await _api.TryGetAsync(CoreKinds.Lease, _options.Lease, ct);
        if (lease is null)
        {
            Observe(await _api.CreateAsync(CoreKinds.Lease, NewLease(), ct: ct));
            return true;
        }

        var holder = lease.Text("spec", "holderIdentity") ?? "";
        Observe(lease);
        if (holder.Length > 0 && holder != _options.Identity && _clock.GetElapsedTime(_seenAt) < Duration(lease))
        {
            return false;
        }

        var spec = lease.Ensure("spec");
        var now = Now();
        if (holder != _options.Identity)
        {
            spec["holderIdentity"] = _options.Identity;
            spec["acquireTime"] = now;
            spec["leaseTransitions"] = (lease.Integer("spec", "leaseTransitions") ?? 0) + 1;
        }

        spec["leaseDurationSeconds"] = (long)Math.Ceiling(_options.LeaseDuration.TotalSeconds);
        spec["renewTime"] = now;
        // The version in the document makes this a compare-and-swap: of two takers one gets a conflict.
        Observe(await _api.ReplaceAsync(CoreKinds.Lease, lease, ct: ct));
        return true;
    }

    /// <summary>Gives the lease back, so that the next leader need not wait for its end. Best effort, with a short deadline.</summary>
    private async Task ReleaseAsync()
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(2), _clock);
        try
        {
            var lease = await _api.TryGetAsync(CoreKinds.Lease, _options.Lease, deadline.Token);
            if (lease is null || lease.Text("spec", "holderIdentity") != _options.Identity)
            {
                return;
            }

            var spec = lease.Ensure("spec");
            spec["holderIdentity"] = "";
            spec["leaseDurationSeconds"] = 1;
            spec["renewTime"] = Now();
            await _api.ReplaceAsync(CoreKinds.Lease, lease, ct: deadline.Token);
        }
        catch (Exception e) when (e is ApiException or OperationCanceledException)
        {
            LogNotReleased(_logger, _options.Lease, e.Message);
        }
    }

    private void Observe(JsonObject lease)
    {
        if (_seen is null || _seen.ResourceVersion() != lease.ResourceVersion())
        {
            _seenAt = _clock.GetTimestamp();
        }

        _seen = lease.Clone();
    }

    private TimeSpan Duration(JsonObject lease) =>
        TimeSpan.FromSeconds(lease.Integer("spec", "leaseDurationSeconds") ?? (long)_options.LeaseDuration.TotalSeconds);

    private JsonObject NewLease() => new()
    {
        ["apiVersion"] = CoreKinds.Lease.ApiVersion,
        ["kind"] = CoreKinds.Lease.Kind,
        ["metadata"] = new JsonObject { ["name"] = _options.Lease.Name, ["namespace"] = _options.Lease.Namespace },
        ["spec"] = new JsonObject
        {
            ["holderIdentity"] = _options.Identity,
            ["leaseDurationSeconds"] = (long)Math.Ceiling(_options.LeaseDuration.TotalSeconds),
            ["acquireTime"] = Now(),
            ["renewTime"] = Now(),
            ["leaseTransitions"] = 0,
        },
    };

    private string Now() => _clock.GetUtcNow().ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture);

    [LoggerMessage(120, LogLevel.Information, "{Identity} leads by lease {Lease}")]
    private static partial void LogLeading(ILogger logger, string identity, NamespacedName lease);

    [LoggerMessage(121, LogLevel.Warning, "{Identity} no longer leads by lease {Lease}")]
    private static partial void LogLost(ILogger logger, string identity, NamespacedName lease);

    [LoggerMessage(122, LogLevel.Warning, "Cannot take or renew lease {Lease}: {Error}; trying again")]
    private static partial void LogFailing(ILogger logger, NamespacedName lease, string error);

    [LoggerMessage(123, LogLevel.Debug, "Lease {Lease} could not be given back: {Error}")]
    private static partial void LogNotReleased(ILogger logger, NamespacedName lease, string error);
}
