#!/usr/bin/env bash
# Unpacks Debian's own kubectl (1.20 on Debian 12) into the folder given, beside the machine's: the tests ask both.
# Says why and ends with 1 where it cannot be had. Quick and silent when it is there.
set -euo pipefail
folder=$(mkdir -p "$1" && readlink -f "$1")
[ ! -x "$folder/usr/bin/kubectl" ] || exit 0
command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null || { echo "debian-kubectl: this machine has no apt-get and dpkg-deb" >&2; exit 1; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
chmod 755 "$work"
(cd "$work" && apt-get -qq download kubernetes-client >/dev/null 2>"$work/errors") || { echo "debian-kubectl: $(cat "$work/errors")" >&2; exit 1; }
dpkg-deb -x "$work"/kubernetes-client_*.deb "$folder"
