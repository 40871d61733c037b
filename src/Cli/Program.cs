using Godwit.Cli;

return await GodwitCommand.InvokeAsync(args);
