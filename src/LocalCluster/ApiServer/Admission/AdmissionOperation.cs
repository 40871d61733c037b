namespace Godwit.LocalCluster.ApiServer.Admission;

/// <summary>What a request does, in admission's words.</summary>
public enum AdmissionOperation
{
    Create,
    Update,
    Delete,
    Connect,
}
