using Godwit.Machinery;

namespace Godwit.VirtController;

/// <summary>Which change makes the controllers of virtual machines and replica sets look at what.</summary>
internal static class VirtualMachineWiring
{
    public static void Connect(Caches caches, ControllerRunner vms, ControllerRunner sets)
    {
        caches.VirtualMachines.OnChange(change => vms.Enqueue(change.Key));
        caches.ReplicaSets.OnChange(change => sets.Enqueue(change.Key));
        caches.Vmis.OnChange(change =>
        {
            // A VMI has its virtual machine's name, also one that stands in its way.
            if (caches.VirtualMachines.Get(change.Key) is not null)
            {
                vms.Enqueue(change.Key);
            }

            var owners = new[] { change.Old, change.New }.Select(vmi => vmi?.Metadata.Controller()?.Uid).ToList();
            foreach (var set in caches.ReplicaSetsIn(change.Key.Namespace))
            {
                if (owners.Contains(set.Metadata.Uid)
                    || (change.New is { } vmi && vmi.Metadata.Controller() is null
                        && ReplicaSetDecisions.Selector(set)?.Matches(vmi.Metadata.Labels ?? new Dictionary<string, string>()) == true))
                {
                    sets.Enqueue(set.Key());
                }
            }
        });
        caches.Claims.OnChange(change =>
        {
            foreach (var vm in caches.VirtualMachinesWith(change.Key))
            {
                vms.Enqueue(vm.Key());
            }
        });
    }
}
