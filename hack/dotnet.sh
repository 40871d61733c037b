# Sourced by the root scripts: finds a .NET SDK of the version that global.json asks for and puts it first on PATH.
find_dotnet() {
    local dir
    for dir in "${DOTNET_ROOT:-}" "$(dirname "$(readlink -f "$(command -v dotnet || true)")" 2>/dev/null)" \
               "${HOME:-/root}/.dotnet" /usr/share/dotnet /usr/lib/dotnet /usr/local/share/dotnet /opt/dotnet; do
        [ -n "$dir" ] && [ -x "$dir/dotnet" ] || continue
        if ls -d "$dir"/sdk/10.0.* >/dev/null 2>&1; then
            export DOTNET_ROOT=$dir PATH="$dir:$PATH"
            return 0
        fi
    done
    cat >&2 <<'TEXT'
Godwit is built with the .NET 10 SDK, and none was found on PATH, in DOTNET_ROOT, ~/.dotnet, /usr/share/dotnet or /usr/lib/dotnet.
Get it from Microsoft's .NET download page, or with Microsoft's script:  dotnet-install.sh --channel 10.0
then run this again (set DOTNET_ROOT if it lies elsewhere).
TEXT
    return 1
}
export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_SKIP_FIRST_TIME_EXPERIENCE=1 MSBUILDDISABLENODEREUSE=1
export DOTNET_CLI_USE_MSBUILD_SERVER=0 DOTNET_GENERATE_ASPNET_CERTIFICATE=0
export DOTNET_CLI_HOME=${DOTNET_CLI_HOME:-${HOME:-/tmp}}
