#!/usr/bin/env bash
# One machine's worth of libvirt, run as the first process of its own namespaces (mounts, network, host name, processes):
#   unshare -m -n -u -p --fork --kill-child --mount-proc libvirt-node.sh FOLDER NAME
# FOLDER holds run, lib, cache, log, etc (qemu.conf, libvirtd.conf, pki), passwd, group, hosts; they are put where libvirt looks.
# The first line on standard input says that the network is there; when the input ends, whatever runs here ends with it.
set -eu
exec >&2
root=$1
for file in passwd group hosts; do mount --bind "$root/$file" "/etc/$file"; done
mount --bind "$root/run" /run
for folder in lib cache log; do mount --bind "$root/$folder" "/var/$folder"; done
mount --bind "$root/etc" /etc/libvirt
hostname "$2"
ip link set lo up
read -r _
libvirtd --listen -p /run/libvirtd.pid -f /etc/libvirt/libvirtd.conf </dev/null >"$root/log/libvirtd.log" 2>&1 &
while read -r _; do :; done
