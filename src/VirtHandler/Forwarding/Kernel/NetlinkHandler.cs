namespace Godwit.VirtHandler.Forwarding.Kernel;

/// <summary>Takes one message of an answer; its bytes are good until it returns.</summary>
internal delegate void NetlinkHandler(NetlinkMessage message);
