#!/usr/bin/env bash
# Installs the Debian packages that Godwit needs, by name, from the sources that this machine has configured.
#
#   hack/install-dependencies.sh [--check] [--yes] [build] [run] [guest] [test] [images] [bench] [chaos]
#
# Sets (default: build run guest):
#   build   what Native AOT links with
#   run     what a node needs: QEMU >= 10, runc, conmon, CNI plug-ins, nftables, dnsmasq, image and ISO tools
#   guest   what guest/build.sh needs for the demo guest
#   test    run and guest, and kubectl
#   images  what images/build.sh and images/check.sh need
#   chaos   test, and libfaketime, by which ./test chaos steps the clocks of single processes
#   bench   run and guest, and libvirt, which ./bench measures beside Godwit; none of its services is started or enabled
# --check   installs nothing; names what is missing, exit code 1 if anything is
# --yes     does not ask
# Quick and silent when all is there. On Debian 12 QEMU comes from the backports suite: a source file for it is written
# beside the configured Debian source, with the same URIs and key.
set -euo pipefail
export LC_ALL=C PATH="$PATH:/usr/sbin:/sbin"

check=; yes=; sets=()
for a in "$@"; do
    case $a in
        --check) check=1 ;;
        --yes|-y) yes=1 ;;
        build|run|guest|test|images|bench|chaos) sets+=("$a") ;;
        *) echo "install-dependencies: unknown argument '$a' (know: --check --yes build run guest test images bench chaos)" >&2; exit 2 ;;
    esac
done
[ ${#sets[@]} -gt 0 ] || sets=(build run guest)

missing=()
need() { # need PACKAGE PROBE...: the probe succeeds where the package (or its like) is there
    local package=$1; shift
    "$@" >/dev/null 2>&1 || case " ${missing[*]-} " in *" $package "*) ;; *) missing+=("$package") ;; esac
}
has() { command -v "$1"; }
any() { local f; for f in "$@"; do [ -e "$f" ] && return 0; done; return 1; }
qemu_major() { "${1:-qemu-system-x86_64}" --version 2>/dev/null | sed -n 's/^QEMU emulator version \([0-9]*\).*/\1/p'; }
qemu_new_enough() { [ "$(qemu_major)" -ge 10 ]; }

set_build() { need gcc has gcc; need libc6-dev any /usr/include/stdio.h; need zlib1g-dev any /usr/include/zlib.h; }
set_run() {
    need qemu-system-x86 qemu_new_enough
    need qemu-utils has qemu-img
    need runc has runc
    need conmon has conmon
    need containernetworking-plugins any /usr/lib/cni/ptp /opt/cni/bin/ptp
    need nftables has nft
    need dnsmasq-base has dnsmasq
    need iproute2 has ip
    need util-linux has nsenter
    need procps has ps
    need skopeo has skopeo
    need umoci has umoci
    need genisoimage has genisoimage
    need ca-certificates any /etc/ssl/certs/ca-certificates.crt
}
set_guest() { set_build; need cpio has cpio; need xz-utils has xz; need zstd has zstd; need umoci has umoci; }
# Debian 12's first keyrings do not know the keys of Debian 13, whose packages the images are made of.
set_images() {
    need debian-archive-keyring any /usr/share/keyrings/debian-archive-trixie-automatic.gpg
    need binutils has readelf
    need runc has runc
    need skopeo has skopeo
    need umoci has umoci
}
# Debian's other busybox needs libraries, which the images of disks have not.
static_busybox() { [ -e /bin/busybox ] && ! ldd /bin/busybox; }
set_test() { set_run; set_guest; need kubernetes-client has kubectl; need busybox-static static_busybox; }
set_chaos() { set_test; need libfaketime any /usr/lib/*/faketime/libfaketimeMT.so.1; }
set_bench() {
    set_run; set_guest
    need libvirt-daemon has libvirtd
    need libvirt-daemon-driver-qemu any /usr/lib/*/libvirt/connection-driver/libvirt_driver_qemu.so
    need libvirt-clients has virsh
}
for s in "${sets[@]}"; do "set_$s"; done

[ ${#missing[@]} -gt 0 ] || exit 0
if [ -n "$check" ]; then
    printf 'missing: %s\n' "${missing[*]}"
    exit 1
fi
if ! command -v apt-get >/dev/null; then
    echo "This machine has no apt-get. Please install by hand what these Debian packages hold: ${missing[*]}" >&2
    exit 1
fi
as_root=()
if [ "$(id -u)" != 0 ]; then
    command -v sudo >/dev/null || { echo "Needed: ${missing[*]}. Run as root: apt-get install ${missing[*]}" >&2; exit 1; }
    as_root=(sudo)
fi
if [ -z "$yes" ]; then
    if [ -t 0 ] && [ -t 2 ]; then
        read -r -p "Godwit needs these Debian packages: ${missing[*]}. Install them now? [Y/n] " answer
        case $answer in ''|y|Y|yes) ;; *) echo "Nothing installed." >&2; exit 1 ;; esac
    else
        echo "Godwit needs these Debian packages: ${missing[*]}. Run again with --yes, or: apt-get install ${missing[*]}" >&2
        exit 1
    fi
fi

. /etc/os-release
suite=()
wants_qemu() { case " ${missing[*]} " in *" qemu-system-x86 "*|*" qemu-utils "*) return 0 ;; esac; return 1; }

# The configured Debian source of this release, as deb822 text for its backports suite.
backports_source() {
    local file
    for file in /etc/apt/sources.list.d/*.sources; do
        [ -e "$file" ] || continue
        awk -v release="$VERSION_CODENAME" '
            BEGIN { RS = ""; FS = "\n" }
            {
                uris = signed = suites = components = ""
                for (i = 1; i <= NF; i++) {
                    line = $i
                    if (line ~ /^URIs:/) uris = line
                    if (line ~ /^Signed-By:/) signed = line
                    if (line ~ /^Suites:/) suites = line
                    if (line ~ /^Components:/) components = line
                }
                n = split(suites, word, /[ \t]+/)
                for (i = 2; i <= n; i++)
                    if (word[i] == release) {
                        print "Types: deb"; print uris; print "Suites: " release "-backports"; print components
                        if (signed != "") print signed
                        exit
                    }
            }' "$file"
    done | head -5
    [ -e /etc/apt/sources.list ] || return 0
    awk -v release="$VERSION_CODENAME" '
        $1 == "deb" {
            signed = ""; n = 2
            if ($2 ~ /^\[/) {
                while (n <= NF) { if (match($n, /signed-by=[^] ]+/)) signed = substr($n, RSTART + 10, RLENGTH - 10); if ($(n++) ~ /\]$/) break }
            }
            if ($(n + 1) == release) {
                print "Types: deb"; print "URIs: " $n; print "Suites: " release "-backports"; print "Components: main"
                if (signed != "") print "Signed-By: " signed
                exit
            }
        }' /etc/apt/sources.list
}

apt() { "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq -o Dpkg::Use-Pty=0 "$@"; }
candidate_major() { apt-cache "${@:2}" policy "$1" | sed -n 's/^ *Candidate: *\([0-9]*:\)\?\([0-9]*\).*/\2/p'; }

echo "Installing ${missing[*]} …" >&2
began=$SECONDS
apt update
if wants_qemu && [ "$(candidate_major qemu-system-x86)" -lt 10 ]; then
    if ! apt-cache policy qemu-system-x86 | grep -q "$VERSION_CODENAME-backports"; then
        text=$(backports_source | head -5)
        if [ -z "$text" ]; then
            echo "QEMU 10 or later is needed; $PRETTY_NAME has it in its backports suite, but no Debian source is configured that names '$VERSION_CODENAME'." >&2
            echo "Add a source for '$VERSION_CODENAME-backports' under /etc/apt/sources.list.d and run this again." >&2
            exit 1
        fi
        printf '%s\n' "$text" | "${as_root[@]}" tee /etc/apt/sources.list.d/godwit-backports.sources >/dev/null
        apt update
    fi
    suite=(-t "$VERSION_CODENAME-backports")
fi
plain=(); newer=()
for p in "${missing[@]}"; do
    case $p in qemu-*) newer+=("$p") ;; *) plain+=("$p") ;; esac
done
[ ${#plain[@]} = 0 ] || apt install --no-install-recommends -y "${plain[@]}" >/dev/null
[ ${#newer[@]} = 0 ] || apt install --no-install-recommends -y "${suite[@]}" "${newer[@]}" >/dev/null

missing=()
for s in "${sets[@]}"; do "set_$s"; done
if [ ${#missing[@]} -gt 0 ]; then
    echo "Still missing after the installation: ${missing[*]}. See the messages of apt-get above." >&2
    exit 1
fi
echo "Installed in $((SECONDS - began)) s." >&2
