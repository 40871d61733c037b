using Godwit.Godwitd;

return await Daemon.RunAsync(args);
