#!/usr/bin/env bash
# Builds Godwit's container images as OCI archives, from Debian 13's packages and the binaries in artifacts/godwit alone:
# no container engine, no registry, no root.
#
#   images/build.sh [--yes] FOLDER [virt-launcher] [virt-handler] [virt-controller]
#
# --yes installs the tools that are missing without asking (hack/install-dependencies.sh images).
# Writes FOLDER/NAME.oci.tar (all three by default) and FOLDER/packages.txt, and prints digests and sizes.
#   DEBIAN_MIRROR, DEBIAN_SECURITY_MIRROR   where Debian 13 is; by default where this machine gets its own Debian from.
#                                           A snapshot of the archive named here gives the same images again at any time.
#   SOURCE_DATE_EPOCH                       the images' date; by default that of the last commit. Layers do not depend on it.
# Packages are unpacked, their maintainer scripts are not run: what these would have made is in base_files below. That way a
# layer is a function of its packages, and images have layers in common (docs/images.md).
set -euo pipefail
export LC_ALL=C
umask 022
root=$(dirname "$(dirname "$(readlink -f "$0")")")
here=$root/images
binaries=$root/artifacts/godwit
cache=$root/artifacts/images-cache
suite=trixie
keyring=/usr/share/keyrings/debian-archive-keyring.gpg

say() { echo "images: $*" >&2; }
die() { say "$*"; exit 1; }
usage() { echo "usage: $0 [--yes] FOLDER [virt-launcher] [virt-handler] [virt-controller]" >&2; exit 2; }

yes=()
[ "${1:-}" != --yes ] || { yes=(--yes); shift; }
[ $# -ge 1 ] || usage
case $1 in -*) usage ;; esac
out=$1; shift
for name in "$@"; do case $name in virt-launcher|virt-handler|virt-controller) ;; *) usage ;; esac; done
[ $# -gt 0 ] || set -- virt-launcher virt-handler virt-controller

# --- what has to be there ---
command -v apt-get >/dev/null || die "this machine has no apt-get; build with a container engine instead: images/Containerfile (docs/images.md)"
[ "$(dpkg --print-architecture)" = amd64 ] || die "Godwit's binaries are for amd64; this machine is $(dpkg --print-architecture)"
"$root/hack/install-dependencies.sh" "${yes[@]}" images
version=$(sed -n 's:.*<Version>\(.*\)</Version>.*:\1:p' "$root/Directory.Build.props")
for binary in godwitd virt-launcher; do
    [ -x "$binaries/$binary" ] || die "$binary is missing in artifacts/godwit; build it with: GODWIT_BUILD=only ./godwit --yes"
    ! readelf -SW "$binaries/$binary" | grep -q '\.debug_info' \
        || die "$binary has debug symbols in it; build it again with: GODWIT_BUILD=only ./godwit --yes"
done
built=$("$binaries/godwitd" version)
[ "$built" = "godwitd $version" ] \
    || die "artifacts/godwit holds $built, the sources are version $version; build again with: GODWIT_BUILD=only ./godwit --yes"
date=${SOURCE_DATE_EPOCH:-$(git -C "$root" log -1 --format=%ct 2>/dev/null || echo 0)}

mkdir -p "$out" "$cache/state/lists/partial" "$cache/archives/partial"
out=$(cd "$out" && pwd)
exec 9>"$cache/lock"
flock -n 9 || { say "another build of images is running, waiting for it …"; flock 9; }
work=$(mktemp -d "$out/.work.XXXXXX")
trap 'rm -rf "$work"' EXIT

# --- apt with a world of its own: Debian 13's lists, and a machine on which nothing is installed ---
mirror_of() { # mirror_of LABEL DEFAULT: where this machine gets the archive with that label from
    local uri
    # shellcheck disable=SC2016 # apt fills these in
    uri=$(apt-get indextargets --format '$(ORIGIN)|$(LABEL)|$(REPO_URI)' 'Created-By: Packages' 2>/dev/null \
        | sed -n "s/^Debian|$1|//p" | sort -u | sed -n 1p)
    echo "${uri:-$2}"
}
mirror=${DEBIAN_MIRROR:-$(mirror_of Debian http://deb.debian.org/debian)}
security=${DEBIAN_SECURITY_MIRROR:-$(mirror_of Debian-Security http://deb.debian.org/debian-security)}
mkdir "$work/sources"
cat >"$work/sources/debian.sources" <<TEXT
Types: deb
URIs: $mirror
Suites: $suite $suite-updates
Components: main
Signed-By: $keyring

Types: deb
URIs: $security
Suites: $suite-security
Components: main
Signed-By: $keyring
TEXT
# Only maintainer scripts would need these, so they count as installed.
cat >"$work/status" <<'TEXT'
Package: not-in-images
Status: install ok installed
Architecture: amd64
Version: 1
Maintainer: Godwit
Provides: adduser (= 99), awk, debconf (= 99), libpam-runtime (= 99), openssl-provider-legacy (= 99), passwd (= 1:99)
Description: what packages depend on for their installation alone
TEXT
cat >"$work/apt.conf" <<TEXT
Dir::Etc::sourcelist "/dev/null";
Dir::Etc::sourceparts "$work/sources";
Dir::Etc::preferences "/dev/null";
Dir::Etc::preferencesparts "/dev/null";
Dir::State "$cache/state";
Dir::State::status "$work/status";
Dir::Cache "$cache";
APT::Architecture "amd64";
APT::Architectures { "amd64"; };
APT::Install-Recommends "false";
APT::Install-Suggests "false";
APT::Sandbox::User "";
Acquire::Languages "none";
TEXT
# The lists of a snapshot are past their date by design.
[ -z "${DEBIAN_MIRROR:-}" ] || echo 'Acquire::Check-Valid-Until "false";' >>"$work/apt.conf"
export APT_CONFIG=$work/apt.conf

listed() { local list; for list in "$@"; do sed 's/#.*//' "$here/packages/$list"; done; }
closure() { # closure NAME LIST...: the lists' packages and all that they need, as lines "name version architecture"
    local name=$1; shift
    # shellcheck disable=SC2046 # the list is words
    apt-get install -s $(listed "$@") >"$work/$name.plan" 2>"$work/$name.err" \
        || { cat "$work/$name.err" >&2; die "Debian 13's packages for $name cannot be had together (see above)"; }
    sed -n 's/^Inst \([^ ]*\) (\([^ ]*\) [^[]*\[\([a-z0-9]*\)\]).*/\1 \2 \3/p' "$work/$name.plan" | sort >"$work/$name.set"
    [ "$(grep -c '^Inst ' "$work/$name.plan")" = "$(wc -l <"$work/$name.set")" ] || die "apt-get's plan for $name is not understood"
}

say "packages of Debian 13 from $mirror"
apt-get update -qq -o APT::Update::Error-Mode=any \
    || die "the lists of $suite cannot be had from $mirror and $security; set DEBIAN_MIRROR and DEBIAN_SECURITY_MIRROR"
closure base base
closure qemu base virt-launcher
closure tools base virt-launcher virt-handler
largest=base
for name in "$@"; do
    case $name in
        virt-handler) largest=tools ;;
        virt-launcher) [ $largest = tools ] || largest=qemu ;;
    esac
done
# shellcheck disable=SC2046 # the list is words
apt-get install -qq -y --download-only $(cut -d' ' -f1 "$work/$largest.set") >"$work/download.log" \
    || { cat "$work/download.log" >&2; die "not all packages could be had"; }
apt-get autoclean -qq >/dev/null

# A binary that was linked on a newer Debian would not start in the image.
libc=$(sed -n 's/^libc6 \([0-9]*\.[0-9]*\).*/\1/p' "$work/base.set")
needs=$(grep -aohE 'GLIBC_2\.[0-9]+' "$binaries/godwitd" "$binaries/virt-launcher" | sed 's/GLIBC_//' | sort -Vu | tail -1)
[ "$(printf '%s\n' "$libc" "$needs" | sort -V | tail -1)" = "$libc" ] \
    || die "the binaries in artifacts/godwit need glibc $needs, Debian 13 has $libc; build them on Debian 12 or 13"

# --- layers ---
filters=()
while read -r rule; do case $rule in path-*) filters+=("${rule#path-}") ;; esac; done <"$here/dpkg.cfg"
filter() { # filter FOLDER: takes out what dpkg.cfg excludes, by dpkg's rule: the last pattern that fits decides
    local path rule keep
    while IFS= read -r -d '' path; do
        keep=1
        for rule in "${filters[@]}"; do
            # shellcheck disable=SC2053 # a pattern
            [[ $path != ${rule#*=} ]] || { [ "${rule%%=*}" = include ] && keep=1 || keep=; }
        done
        [ -n "$keep" ] || rm "$1$path"
    done < <(find "$1" -mindepth 1 ! -type d -printf '/%P\0')
    find "$1/usr" "$1/etc" -mindepth 1 -type d -empty -delete 2>/dev/null || true
}
unpack() { # unpack LAYER [BELOW]: the packages of LAYER that the layer below has not
    local layer=$work/layers/$1 below=${2:+$work/$2.set} package ver arch deb dir
    mkdir -p "$layer/var/lib/dpkg/status.d"
    while read -r package ver arch; do
        deb=$cache/archives/${package}_${ver//:/%3a}_$arch.deb
        dpkg-deb -x "$deb" "$layer"
        # Scanners for vulnerabilities look here in images without a package manager.
        dpkg-deb -f "$deb" >"$layer/var/lib/dpkg/status.d/$package"
        printf '%s\t%s\t%s\t%s\n' "$1" "$package" "$ver" "$arch" >>"$work/packages.txt"
    done < <(comm -23 "$work/$1.set" "${below:-/dev/null}")
    for dir in bin sbin lib lib64; do # some packages still have them apart
        if [ ! -d "$layer/$dir" ] || [ -L "$layer/$dir" ]; then continue; fi
        mkdir -p "$layer/usr/$dir"
        cp -a "$layer/$dir/." "$layer/usr/$dir/"
        rm -rf "${layer:?}/$dir"
    done
    filter "$layer"
    # Nothing in the images changes its user.
    find "$layer" -type f -perm /6000 -exec chmod a-s {} +
}
base_files() { # what the maintainer scripts of base-files and base-passwd make
    local layer=$work/layers/base dir
    for dir in bin sbin lib lib64; do ln -sfn "usr/$dir" "$layer/$dir"; done
    for dir in run lock; do rm -rf "${layer:?}/var/$dir"; done
    ln -s /run "$layer/var/run"
    ln -s /run/lock "$layer/var/lock"
    mkdir -p "$layer/run/lock" "$layer/tmp" "$layer/var/tmp"
    chmod 1777 "$layer/run/lock" "$layer/tmp" "$layer/var/tmp"
    sed 's/:\*:/:x:/' "$layer/usr/share/base-passwd/passwd.master" >"$layer/etc/passwd"
    sed 's/:\*:/:x:/' "$layer/usr/share/base-passwd/group.master" >"$layer/etc/group"
    echo 'qemu:x:107:107::/nonexistent:/usr/sbin/nologin' >>"$layer/etc/passwd"
    echo 'qemu:x:107:' >>"$layer/etc/group"
    echo 'godwit:x:65532:65532::/nonexistent:/usr/sbin/nologin' >>"$layer/etc/passwd"
    echo 'godwit:x:65532:' >>"$layer/etc/group"
    printf '%s\n' 'passwd: files' 'group: files' 'hosts: files dns' >"$layer/etc/nsswitch.conf"
}
binary_layer() { # binary_layer LAYER FILE
    mkdir -p "$work/layers/$1/usr/bin"
    install -m 755 "$binaries/$2" "$work/layers/$1/usr/bin/$2"
}

# --- OCI: every part is named by its digest ---
blobs=$work/blobs
mkdir "$work/layers" "$blobs"
: >"$work/packages.txt"
digest() { sha256sum "$1" | cut -d' ' -f1; }
declare -A diff_id layer_digest layer_bytes
pack() { # pack LAYER
    local tar=$work/$1.tar
    # All times are 0: a layer of the same packages stays the same from one version of Godwit to the next.
    tar -C "$work/layers/$1" --format=gnu --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner -cf "$tar" .
    diff_id[$1]=$(digest "$tar")
    layer_bytes[$1]=$(du -sb "$work/layers/$1" | cut -f1)
    gzip -6n "$tar"
    layer_digest[$1]=$(digest "$tar.gz")
    mv "$tar.gz" "$blobs/${layer_digest[$1]}"
    rm -rf "$work/layers/$1"
}
made() { [ -n "${diff_id[$1]:-}" ]; }
layer() { # layer NAME: makes it, once
    made "$1" && return
    case $1 in
        base) unpack base; base_files ;;
        qemu) unpack qemu base ;;
        tools) unpack tools qemu ;;
        launcher) binary_layer launcher virt-launcher ;;
        daemon) binary_layer daemon godwitd ;;
    esac
    pack "$1"
}
joined() { local IFS=,; echo "$*"; }
image() { # image NAME TITLE USER ENTRYPOINT CMD LAYER...: CMD is JSON's text, empty for none
    local name=$1 title=$2 user=$3 entrypoint=$4 cmd=$5 layer labels dir=$work/$1.oci diffs=() layers=() history=()
    local config config_size manifest manifest_size bytes=0 packed=0
    shift 5
    say "$name …"
    mkdir -p "$dir/blobs/sha256"
    for layer in "$@"; do
        layer "$layer"
        ln "$blobs/${layer_digest[$layer]}" "$dir/blobs/sha256/"
        diffs+=("\"sha256:${diff_id[$layer]}\"")
        layers+=("{\"mediaType\":\"application/vnd.oci.image.layer.v1.tar+gzip\",\"digest\":\"sha256:${layer_digest[$layer]}\",\"size\":$(stat -c %s "$blobs/${layer_digest[$layer]}")}")
        history+=("{\"created\":\"$created\",\"created_by\":\"images/build.sh: $layer\"}")
        bytes=$((bytes + layer_bytes[$layer]))
        packed=$((packed + $(stat -c %s "$blobs/${layer_digest[$layer]}")))
    done
    labels="\"org.opencontainers.image.title\":\"$title\",\"org.opencontainers.image.version\":\"$version\",\"org.opencontainers.image.licenses\":\"Apache-2.0\""
    printf '{"created":"%s","architecture":"amd64","os":"linux","config":{"User":"%s","Env":["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],"Entrypoint":["%s"],%s"WorkingDir":"/","Labels":{%s}},"rootfs":{"type":"layers","diff_ids":[%s]},"history":[%s]}' \
        "$created" "$user" "$entrypoint" "${cmd:+\"Cmd\":$cmd,}" "$labels" "$(joined "${diffs[@]}")" "$(joined "${history[@]}")" >"$work/json"
    config=$(digest "$work/json"); config_size=$(stat -c %s "$work/json"); mv "$work/json" "$dir/blobs/sha256/$config"
    printf '{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"sha256:%s","size":%s},"layers":[%s],"annotations":{%s}}' \
        "$config" "$config_size" "$(joined "${layers[@]}")" "$labels" >"$work/json"
    manifest=$(digest "$work/json"); manifest_size=$(stat -c %s "$work/json"); mv "$work/json" "$dir/blobs/sha256/$manifest"
    printf '{"imageLayoutVersion":"1.0.0"}' >"$dir/oci-layout"
    printf '{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"sha256:%s","size":%s,"platform":{"architecture":"amd64","os":"linux"},"annotations":{"org.opencontainers.image.ref.name":"godwit/%s:%s","io.containerd.image.name":"docker.io/godwit/%s:%s"}}]}' \
        "$manifest" "$manifest_size" "$name" "$version" "$name" "$version" >"$dir/index.json"
    tar -C "$dir" --format=gnu --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner --mode=u=rwX,go=rX --hard-dereference -cf "$work/$name.oci.tar" .
    rm -rf "$dir"
    mv "$work/$name.oci.tar" "$out/"
    printf '%-16s %4s MiB packed, %4s MiB unpacked  sha256:%s\n' "$name" $(((packed + 524288) / 1048576)) $(((bytes + 524288) / 1048576)) "$manifest"
}

created=$(date -u -d "@$date" +%Y-%m-%dT%H:%M:%SZ)
for name in "$@"; do
    case $name in
        # The user that virt-controller names too; it needs no capability.
        virt-launcher) image virt-launcher "Godwit virt-launcher" 107:107 /usr/bin/virt-launcher "" base qemu launcher ;;
        virt-handler) image virt-handler "Godwit virt-handler" 0 /usr/bin/godwitd '["handler"]' base qemu tools daemon ;;
        virt-controller) image virt-controller "Godwit virt-controller and virt-api" 65532:65532 /usr/bin/godwitd '["controller"]' base daemon ;;
    esac
done
sort "$work/packages.txt" >"$out/packages.txt"
