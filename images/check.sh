#!/usr/bin/env bash
# Runs what images/build.sh made and looks whether it is what it should be: one line a check, exit code 1 when one fails.
#
#   images/check.sh FOLDER [virt-launcher] [virt-handler] [virt-controller]
#
# Needs root (runc), and leaves nothing. Containers get the images' own users, no capability unless the line says so, and a
# root file system that cannot be written to.
set -euo pipefail
export LC_ALL=C
here=$(dirname "$(readlink -f "$0")")
[ $# -ge 1 ] || { echo "usage: $0 FOLDER [virt-launcher] [virt-handler] [virt-controller]" >&2; exit 2; }
[ "$(id -u)" = 0 ] || { echo "images: run this as root, it starts containers: sudo $0 $*" >&2; exit 1; }
"$here/../hack/install-dependencies.sh" images
out=$(readlink -f "$1"); shift
[ $# -gt 0 ] || set -- virt-launcher virt-handler virt-controller
version=$(sed -n 's:.*<Version>\(.*\)</Version>.*:\1:p' "$here/../Directory.Build.props")

work=$(mktemp -d)
clean() {
    local id
    for id in $(runc --root "$work/runc" list -q 2>/dev/null); do runc --root "$work/runc" delete --force "$id" >/dev/null 2>&1 || true; done
    rm -rf "$work"
}
trap clean EXIT

failed=0; image=; user=; group=
ok() { printf 'ok    %-16s %s\n' "$image" "$1"; }
no() { printf 'FAIL  %-16s %s\n' "$image" "$1"; failed=1; [ -z "${2:-}" ] || tail -20 <<<"$2" | sed 's/^/          /'; }
empty() { # empty WHAT FOUND: nothing must have been found
    if [ -z "$2" ]; then ok "$1"; else no "not so: $1" "$2"; fi
}
holds() { # holds WHAT PATTERN TEXT
    if grep -qE -- "$2" <<<"$3"; then ok "$1"; else no "$1: found no '$2'" "$3"; fi
}
mib() { echo $((($1 + 524288) / 1048576)); }
json() {
    local text=${1//\\/\\\\}
    text=${text//\"/\\\"}
    printf '"%s"' "${text//$'\n'/\\n}"
}
words() { local w text=; for w in "$@"; do text+=",$(json "$w")"; done; echo "[${text:1}]"; }

# config ARGS...: the runtime's configuration. caps="CAP_…" and share=FOLDER (seen as /run/godwit) add to it.
config() {
    local sets mount=
    # shellcheck disable=SC2086 # the capabilities are words
    sets=$(words ${caps:-})
    [ -n "${caps:-}" ] || sets='[]'
    [ -z "${share:-}" ] || mount=',{"destination":"/run/godwit","type":"bind","source":'$(json "$share")',"options":["rbind","rw"]}'
    cat >"$bundle/config.json" <<TEXT
{"ociVersion":"1.0.2","root":{"path":"rootfs","readonly":true},
"process":{"user":{"uid":$user,"gid":$group},"cwd":"/","args":$(words "$@"),"noNewPrivileges":true,
 "env":["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],
 "capabilities":{"bounding":$sets,"effective":$sets,"permitted":$sets}},
"mounts":[{"destination":"/proc","type":"proc","source":"proc"},
 {"destination":"/dev","type":"tmpfs","source":"tmpfs","options":["nosuid","mode=755","size=65536k"]},
 {"destination":"/tmp","type":"tmpfs","source":"tmpfs","options":["nosuid","nodev","mode=1777","size=65536k"]}$mount],
"linux":{"namespaces":[{"type":"pid"},{"type":"mount"},{"type":"ipc"},{"type":"uts"},{"type":"network"}]}}
TEXT
}
inside() { # inside ARGS...: output and errors of a program in the image; its exit code is not told
    local id=godwit-check-$$-inside
    config "$@"
    timeout -k 5 60 runc --root "$work/runc" run -b "$bundle" "$id" 2>&1 </dev/null || true
    runc --root "$work/runc" delete --force "$id" >/dev/null 2>&1 || true
}

# --- parts ---
unpack() {
    local archive=$out/$image.oci.tar
    bundle=$work/$image
    [ -f "$archive" ] || { no "$image.oci.tar is not in $out; build it with images/build.sh"; return 1; }
    skopeo copy -q "oci-archive:$archive:godwit/$image:$version" "oci:$work/layout:$image" >/dev/null 2>"$work/err" \
        || { no "the archive cannot be read as godwit/$image:$version" "$(cat "$work/err")"; return 1; }
    umoci unpack --image "$work/layout:$image" "$bundle" >/dev/null 2>"$work/err" || { no "the layers cannot be unpacked" "$(cat "$work/err")"; return 1; }
    user=$(skopeo inspect --config --format '{{.Config.User}}' "oci:$work/layout:$image")
    group=${user#*:} user=${user%:*}
    ok "$(skopeo inspect --format '{{.Digest}}' "oci:$work/layout:$image"), user $user, $(mib "$(stat -c %s "$archive")") MiB packed, $(mib "$(du -sb "$bundle/rootfs" | cut -f1)") MiB unpacked"
}
common() {
    local found
    found=$(find "$bundle/rootfs" -xdev \( -type f -perm /6000 -o -type b -o -type c \))
    empty "no program changes its user, no device nodes" "$found"
    found=$(find "$bundle/rootfs/"{var/log,var/cache,var/lib/apt/lists,etc/machine-id} -type f -size +0 2>/dev/null || true)
    empty "no logs, caches or identity of a machine" "$found"
    found=$(for f in "$bundle/rootfs"/usr/bin/{godwitd,virt-launcher}; do
        [ ! -e "$f" ] || readelf -SW "$f" | sed -n "s:.*\(\.debug_[a-z]*\).*:${f##*/} \1:p"
    done)
    empty "no debug symbols in our binaries" "$found"
}
qemu() {
    local text kind missing=()
    text=$(inside /usr/bin/qemu-system-x86_64 --version)
    holds "QEMU 10 or later: $(sed -n 's/.*version //p' <<<"$text")" 'emulator version [1-9][0-9]\.' "$text"
    text=$(inside /usr/bin/qemu-system-x86_64 -machine none -device help)
    while read -r kind; do
        grep -q "name \"$kind\"" <<<"$text" || missing+=("$kind")
    done < <(sed -n 's/.*const string [A-Za-z0-9]* = "\(.*\)";/\1/p' "$here/../src/Qemu/DeviceKinds.cs")
    empty "QEMU has every device of src/Qemu/DeviceKinds.cs" "${missing[*]-}"
}
daemon() {
    holds "godwitd $version" "^godwitd $version\$" "$(inside /usr/bin/godwitd version)"
}

# guest WHAT WORDS ARGUMENTS...: the image's launcher, as the first process, starts QEMU from a domain, firmware writes the words
# to guest.log, and the launcher ends it when told to
guest() {
    local what=$1 words=$2 id=godwit-check-$$-guest pid status end=$((SECONDS + 90))
    shift 2
    share=$(mktemp -d "$work/share.XXXXXX")
    chmod 777 "$share"
    cp "$bundle/rootfs/usr/share/OVMF/OVMF_VARS_4M.fd" "$share/variables.fd" 2>/dev/null || true
    [ ! -e "$share/variables.fd" ] || chown "$user:$group" "$share/variables.fd"
    config /usr/bin/virt-launcher --name check --namespace default --uid 1 --grace 1
    runc --root "$work/runc" run -b "$bundle" "$id" >"$work/log" 2>&1 </dev/null &
    pid=$!
    cat >"$share/domain.new" <<TEXT
{"version":1,"name":"check","binary":"qemu-system-x86_64","arguments":$(words "$@"),"environment":{},"copiedDisks":[],
"hardware":{"machineType":"q35","cpuModel":"qemu64","memoryBytes":134217728,"uuid":"6a1a24a1-4061-4607-8bf4-a3963d0c5895","accelerator":"tcg","devices":[]}}
TEXT
    mv "$share/domain.new" "$share/domain.json"
    until grep -qaE "$words" "$share/guest.log" 2>/dev/null || ! kill -0 $pid 2>/dev/null || [ $SECONDS -ge $end ]; do sleep 0.1; done
    ! grep -qaE "$words" "$share/guest.log" 2>/dev/null || runc --root "$work/runc" kill "$id" TERM
    while kill -0 $pid 2>/dev/null && [ $SECONDS -lt $end ]; do sleep 0.1; done
    runc --root "$work/runc" delete --force "$id" >/dev/null 2>&1 || true
    wait $pid || true
    status=$(cat "$share/status.json" 2>/dev/null || true)
    share=
    if [ -n "$status" ] && grep -q '"reason": "Killed"' <<<"$status"; then ok "$what"; else no "$what" "$(cat "$work/log")$status"; fi
}
launcher() {
    # shellcheck disable=SC2054 # QEMU's own commas
    local arguments=(
        -name guest=check -nodefaults -no-user-config -sandbox on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny
        -accel tcg -machine q35,usb=off,vmport=off -cpu qemu64 -m 128M -display none -vnc unix:/run/godwit/vnc.sock
        -chardev socket,id=m,path=/run/godwit/launcher.sock,server=on,wait=off -mon chardev=m,mode=control
        -device virtio-rng-pci -chardev file,id=log,path=/run/godwit/guest.log
    )
    qemu
    empty "busybox needs no library" "$(readelf -dW "$bundle/rootfs/usr/bin/busybox" | grep NEEDED || true)"
    holds "virt-launcher starts" '^usage: virt-launcher' "$(inside /usr/bin/virt-launcher --help)"
    guest "a guest with BIOS and VGA boots, without capabilities" 'SeaBIOS \(version' "${arguments[@]}" -device VGA \
        -device virtio-net-pci,romfile= -device e1000e,romfile= -device isa-debugcon,iobase=0x402,chardev=log
    # Without a card: emulated firmware would try for most of a minute to boot from it.
    guest "a guest with EFI and virtio-vga boots, without capabilities" 'BdsDxe' "${arguments[@]}" -device virtio-vga -serial chardev:log \
        -drive if=pflash,unit=0,format=raw,readonly=on,file=/usr/share/OVMF/OVMF_CODE_4M.fd -drive if=pflash,unit=1,format=raw,file=/run/godwit/variables.fd
}
handler() {
    local tool missing=()
    qemu
    daemon
    # What src/VirtHandler runs, and what it lets these run.
    for tool in bash dnsmasq genisoimage ip nft nsenter qemu-img sh timeout; do
        [ -n "$(inside /bin/sh -c "command -v $tool")" ] || missing+=("$tool")
    done
    empty "bash, dnsmasq, genisoimage, ip, nft, nsenter, qemu-img, sh and timeout are there" "${missing[*]-}"
    holds "qemu-img makes a layer" 'file format: qcow2' "$(inside /bin/sh -c 'cd /tmp && qemu-img create -q -f qcow2 -u -b /below -F raw a 1M && qemu-img info -U a')"
    holds "genisoimage makes a disk for cloud-init" 'ISO 9660|CD001' \
        "$(inside /bin/sh -c 'cd /tmp && mkdir d && echo x >d/user-data && genisoimage -quiet -V cidata -J -r -o i d && timeout 5 bash -c "tail -c +32769 i | head -c 6"' | tr -d '\0')"
    holds "ip and nft wire a pod (with CAP_NET_ADMIN)" '^table ip godwit' "$(caps=CAP_NET_ADMIN inside /bin/sh -c '
        echo "link add name k6t-eth0 type bridge stp_state 0" | ip -batch - && ip -json address show | head -c 0 &&
        printf "table ip godwit {\n set m {\n type ipv4_addr . inet_service\n }\n chain p {\n type nat hook prerouting priority -100;\n ip saddr . tcp dport @m accept\n }\n}\n" | nft -f - &&
        nft list table ip godwit')"
    holds "dnsmasq serves as nobody (with what that takes)" 'started|OK' "$(caps="CAP_NET_ADMIN CAP_NET_RAW CAP_NET_BIND_SERVICE CAP_SETUID CAP_SETGID CAP_SETPCAP CAP_CHOWN" inside /bin/sh -c '
        ip link set lo up && timeout 2 dnsmasq -k --conf-file=/dev/null --port=0 --no-resolv --leasefile-ro --pid-file=/tmp/pid --user=nobody --interface=lo \
            --dhcp-range=127.0.0.2,127.0.0.2,255.0.0.0,infinite --log-facility=-')"
    holds "the agent starts, and says what it lacks" 'API server|kubeconfig|KUBERNETES' "$(inside /usr/bin/godwitd handler --node check)"
}
controller() {
    daemon
    # Reading the certificates of a kubeconfig needs OpenSSL's libraries.
    mkdir -p "$work/kube"
    cat >"$work/kube/config" <<TEXT
{"apiVersion":"v1","kind":"Config","current-context":"c","contexts":[{"name":"c","context":{"cluster":"c","user":"u"}}],
"clusters":[{"name":"c","cluster":{"server":"https://127.0.0.1:1","certificate-authority-data":"$(find -L /etc/ssl/certs -name '*.pem' | sort | sed -n 1p | xargs cat | base64 -w0)"}}],
"users":[{"name":"u","user":{"token":"x"}}]}
TEXT
    chmod -R a+rX "$work/kube"
    holds "it starts as user $user and looks for its API server" '127\.0\.0\.1:1' "$(share=$work/kube inside /usr/bin/godwitd controller --kubeconfig /run/godwit/config)"
}

for image in "$@"; do
    unpack || continue
    common
    case $image in
        virt-launcher) launcher ;;
        virt-handler) handler ;;
        virt-controller) controller ;;
        *) no "there is no such image" ;;
    esac
done
[ $failed = 0 ] || { echo "images: not all is well, see FAIL above" >&2; exit 1; }
