#!/bin/sh
# Builds the demo guest into the folder given as argument:
#   vmlinuz, initrd.gz    Debian's cloud kernel and an initramfs whose /init is mgguest
#   demo-guest.oci.tar    OCI archive of the image godwit/demo-guest:1, which holds
#                         /boot/vmlinuz, /boot/initrd.gz and /disk/disk.img (raw, 32 MiB)
# Does nothing when the folder is newer than what goes in (see "stamp").
# Needs: gcc, libc6-dev (static libc), cpio, gzip, xz-utils, and either KERNEL_DIR (an
# unpacked linux-image package, with boot/ and lib/modules/) or apt to get one.
# KERNEL_SUITE=bookworm picks the kernel's suite; BUSYBOX=/bin/busybox puts a shell in.
set -eu
[ $# -eq 1 ] || { echo "usage: $0 FOLDER" >&2; exit 2; }
mkdir -p "$1"
out=$(cd "$1" && pwd)
cd "$(dirname "$0")"

exec 9> "$out/.lock"
flock 9                                   # two callers with one cache: the second finds it done
stamp=$( { cat build.sh mgguest.c; echo "${KERNEL_DIR:-apt} ${KERNEL_SUITE:-} ${BUSYBOX:-}"; } | sha256sum | cut -d' ' -f1)
if [ -s "$out/demo-guest.oci.tar" ] && [ "$(cat "$out/.stamp" 2>/dev/null)" = "$stamp" ]; then exit 0; fi
for tool in gcc cpio gzip xz; do
    command -v $tool > /dev/null || { echo "the demo guest cannot be built: $tool is missing (apt-get install gcc libc6-dev cpio gzip xz-utils)" >&2; exit 1; }
done
work=$(mktemp -d "$out/.work.XXXXXX"); trap 'rm -rf "$work"' EXIT

# --- kernel ---
if [ -z "${KERNEL_DIR:-}" ]; then
    meta=linux-image-cloud-amd64${KERNEL_SUITE:+/$KERNEL_SUITE}
    kernel_package() { apt-cache depends "$meta" 2>/dev/null | sed -n 's/^ *Depends: \(linux-image-[^ ]*\)$/\1/p' | head -1; }
    pkg=$(kernel_package)
    [ -n "$pkg" ] || { apt-get update -q >&2; pkg=$(kernel_package); }
    [ -n "$pkg" ] || { echo "the demo guest cannot be built: apt knows no $meta; set KERNEL_DIR to an unpacked kernel package" >&2; exit 1; }
    ls "$out/$pkg"_*.deb > /dev/null 2>&1 || (cd "$out" && apt-get -q -o APT::Sandbox::User=root download "$pkg" >&2)
    KERNEL_DIR=$work/kernel
    dpkg-deb -x "$(ls "$out/$pkg"_*.deb | tail -1)" "$KERNEL_DIR"
fi
ver=$(ls "$KERNEL_DIR/lib/modules" | head -1)

# --- initramfs ---
root=$work/root
mkdir -p "$root/proc" "$root/sys" "$root/dev" "$root/mod" "$root/bin"
gcc -O2 -Wall -Wextra -static -pthread -o "$root/init" mgguest.c
strip "$root/init"
i=10   # order = dependency order; a module that the kernel has built in is not there
for m in virtio_ring virtio virtio_pci_modern_dev virtio_pci_legacy_dev virtio_pci \
         failover net_failover virtio_net virtio_blk virtio_balloon evdev button; do
    f=$(find "$KERNEL_DIR/lib/modules/$ver" -name "$m.ko*" | head -1)
    [ -n "$f" ] || continue
    case $f in
        *.xz) xz -dc "$f" > "$root/mod/$i-$m.ko" ;;
        *.zst) zstd -dcq "$f" > "$root/mod/$i-$m.ko" ;;
        *) cp "$f" "$root/mod/$i-$m.ko" ;;
    esac
    i=$((i + 1))
done
[ -z "${BUSYBOX:-}" ] || { cp "$BUSYBOX" "$root/bin/busybox"; ln -s busybox "$root/bin/sh"; }
find "$root" -exec touch -h -d @0 {} +
(cd "$root" && find . | LC_ALL=C sort | cpio --quiet --reproducible -o -H newc -R 0:0) | gzip -9n > "$work/initrd.gz"

# --- OCI archive: one layer, its configuration, manifest and index, all named by digest ---
image=$work/image; blobs=$work/oci/blobs/sha256
mkdir -p "$image/boot" "$image/disk" "$blobs"
cp "$KERNEL_DIR/boot/vmlinuz-$ver" "$image/boot/vmlinuz"
cp "$work/initrd.gz" "$image/boot/initrd.gz"
printf 'godwit demo disk\n' > "$image/disk/disk.img"
truncate -s 32M "$image/disk/disk.img"
chmod -R u=rwX,go=rX "$image"
tar -C "$image" --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner -cf "$work/layer.tar" .
diff=$(sha256sum "$work/layer.tar" | cut -d' ' -f1)
gzip -1n "$work/layer.tar"
blob() { d=$(sha256sum "$1" | cut -d' ' -f1); mv "$1" "$blobs/$d"; echo "$d"; }
size() { stat -c %s "$blobs/$1"; }
layer=$(blob "$work/layer.tar.gz")
printf '{"architecture":"amd64","os":"linux","config":{},"rootfs":{"type":"layers","diff_ids":["sha256:%s"]}}' "$diff" > "$work/config.json"
config=$(blob "$work/config.json")
printf '{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"sha256:%s","size":%s},"layers":[{"mediaType":"application/vnd.oci.image.layer.v1.tar+gzip","digest":"sha256:%s","size":%s}]}' \
    "$config" "$(size "$config")" "$layer" "$(size "$layer")" > "$work/manifest.json"
manifest=$(blob "$work/manifest.json")
printf '{"imageLayoutVersion":"1.0.0"}' > "$work/oci/oci-layout"
printf '{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"sha256:%s","size":%s,"platform":{"architecture":"amd64","os":"linux"},"annotations":{"org.opencontainers.image.ref.name":"godwit/demo-guest:1"}}]}' \
    "$manifest" "$(size "$manifest")" > "$work/oci/index.json"
tar -C "$work/oci" --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner -cf "$work/demo-guest.oci.tar" .

mv "$image/boot/vmlinuz" "$work/initrd.gz" "$work/demo-guest.oci.tar" "$out/"
echo "$stamp" > "$out/.stamp"
