#!/bin/bash
# add_deno.sh GUESTDIR DENO OUTDIR
# Makes OUTDIR/kernel and OUTDIR/initrd: the guest in GUESTDIR with the program DENO, and the libraries that it loads, in
# its /usr/bin. The kernel unpacks one archive after the other.
set -euo pipefail
guest=$1 deno=$2 out=$3
root=$(mktemp -d "${TMPDIR:-/tmp}/tape-guest-deno.XXXXXX")
trap 'rm -rf "$root"' EXIT
mkdir -p "$root"/{usr/bin,lib/x86_64-linux-gnu} "$out"
cp -L "$deno" "$root/usr/bin/deno"
ldd "$deno" | awk '$2 == "=>" {print $3}' | xargs -I{} cp -L {} "$root/lib/x86_64-linux-gnu/"
(cd "$root" && find . | cpio -o -H newc -R 0:0 --quiet) | cat "$guest/initrd" - >"$out/initrd"
ln -f "$guest/kernel" "$out/kernel" 2>/dev/null || cp "$guest/kernel" "$out/kernel"
