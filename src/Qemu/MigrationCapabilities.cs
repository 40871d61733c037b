namespace Godwit.Qemu;

/// <summary>Names of the migration capabilities in use. Most must be equal on both sides: a difference hangs or fails.</summary>
public static class MigrationCapabilities
{
    public const string Events = "events";
    public const string ReturnPath = "return-path";
    public const string PauseBeforeSwitchover = "pause-before-switchover";
    public const string LateBlockActivate = "late-block-activate";
    public const string Multifd = "multifd";
    public const string AutoConverge = "auto-converge";
    public const string PostcopyRam = "postcopy-ram";
    public const string PostcopyPreempt = "postcopy-preempt";
    public const string Xbzrle = "xbzrle";
    public const string ValidateUuid = "validate-uuid";

    /// <summary>
    /// The capabilities of every migration. <c>return-path</c>: else the source reports success without knowing.
    /// <c>pause-before-switchover</c> and <c>late-block-activate</c>: the hand-over's two gates. <c>validate-uuid</c>:
    /// a stream that reaches the wrong QEMU is refused.
    /// </summary>
    public static IReadOnlyList<string> Always { get; } =
        [Events, ReturnPath, PauseBeforeSwitchover, LateBlockActivate, ValidateUuid];
}
