using System.Text.Json.Nodes;

namespace Godwit.LocalCluster.ApiServer.Resources;

/// <summary>Another form of objects that are stored as those of <see cref="ResourceInfo.StoredAs"/>. Neither method changes its argument.</summary>
public interface IStorageView
{
    JsonObject FromStorage(JsonObject stored);

    JsonObject ToStorage(JsonObject obj);
}
