using System.Runtime.CompilerServices;
using System.Runtime.Versioning;

[assembly: SupportedOSPlatform("linux")]
[assembly: InternalsVisibleTo("Godwit.Unit")]
[assembly: InternalsVisibleTo("Godwit.Integration")]
