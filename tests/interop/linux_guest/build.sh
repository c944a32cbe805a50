#!/bin/bash
# build.sh OUTDIR
# Makes OUTDIR/kernel and OUTDIR/initrd: a Linux guest with the kernel's iSCSI initiator and target, st, sg, open-iscsi,
# mt-st, mtx, GNU tar, lsscsi and sg3-utils, out of Debian packages that are downloaded and unpacked, never installed.
# Needs root, apt-get with its lists, dpkg-deb, cpio, xz. Takes about 20 s.
set -euo pipefail
out=$1
work=$(mktemp -d "${TMPDIR:-/tmp}/tape-guest-build.XXXXXX")
trap 'rm -rf "$work"' EXIT
mkdir -p "$work"/{debs,stage,bin} "$work/root"/{bin,sbin,usr/bin,usr/sbin,lib64,lib/x86_64-linux-gnu,etc/iscsi,run/lock/iscsi,var/lib/iscsi,proc,sys,dev,tmp,job,root}
root=$work/root stage=$work/stage

# Packages: the newest kernel of this suite, the programs, and the libraries that only these programs use.
depends() { apt-cache depends --important "$@" | awk '/Depends:/ {print $NF}'; }
kernel=$(depends linux-image-amd64 | grep -m1 '^linux-image-[0-9]')
programs="busybox-static dash kmod open-iscsi mt-st mtx lsscsi sg3-utils tar"
kernel_parts=$(depends "$kernel" | grep -E '^linux-(modules|binary)-' || true)
libraries=$(depends open-iscsi kmod sg3-utils | grep -E '^lib(kmod|isns|openiscsiusr|sgutils)' | sort -u)
# shellcheck disable=SC2086
(cd "$work/debs" && apt-get -o APT::Sandbox::User=root download $kernel $kernel_parts $programs $libraries >/dev/null)
for package in "$work"/debs/*.deb; do dpkg-deb -x "$package" "$stage"; done

# Programs, each with the libraries that it loads.
export LD_LIBRARY_PATH=$stage/usr/lib/x86_64-linux-gnu:$stage/lib/x86_64-linux-gnu
put() { # put FILE-NAME DESTINATION
  local from; from=$(find "$stage" -path "*bin/$1" -type f -print -quit)
  rm -f "$root/$2"; cp "$from" "$root/$2"
  if ldd "$from" | grep 'not found'; then echo "build.sh: $1 lacks a library" >&2; exit 1; fi
  ldd "$from" | awk '$2 == "=>" {print $3}' | xargs -r -I{} cp -nL {} "$root/lib/x86_64-linux-gnu/"
}
cp "$(find "$stage" -path '*bin/busybox' -type f -print -quit)" "$root/bin/busybox"
for applet in $("$root/bin/busybox" --list); do ln -s /bin/busybox "$root/bin/$applet" 2>/dev/null || true; done
cp -L /lib64/ld-linux-x86-64.so.2 "$root/lib64/"
put dash bin/sh # busybox's own shell would run its tar and mt before those in $PATH
put tar bin/tar; put mt-st bin/mt; put lsscsi bin/lsscsi; put kmod bin/kmod
for name in iscsid iscsiadm; do put $name sbin/$name; done
for name in mtx loaderinfo tapeinfo; do put $name usr/sbin/$name; done
for name in inq raw logs modes vpd read_block_limits luns opcodes persist read_attr requests reset rmsn timestamp turs; do
  put sg_$name usr/bin/sg_$name
done
for name in modprobe insmod; do ln -sf kmod "$root/bin/$name"; done
ln -sf /bin/kmod "$root/sbin/modprobe" # the path that the kernel's request_module() uses
libgcc=$(ldconfig -p | awk '$1 == "libgcc_s.so.1" && /x86-64/ {print $NF; exit}')
cp -L "$libgcc" "$root/lib/x86_64-linux-gnu/" # loaded late, when iscsid's threads end
sed 's/^node.startup = .*/node.startup = manual/; s|^iscsid.startup = .*|iscsid.startup = /sbin/iscsid|' \
  "$stage/etc/iscsi/iscsid.conf" >"$root/etc/iscsi/iscsid.conf"
echo InitiatorName=iqn.2026-03.com.example:guest >"$root/etc/iscsi/initiatorname.iscsi"
echo root:x:0:0:root:/root:/bin/sh >"$root/etc/passwd"; echo root:x:0: >"$root/etc/group"
ln -s ../run "$root/var/run"

# Modules, with what they depend on.
modules=$(find "$stage" -path '*lib/modules/*' -prune -type d -print -quit)
version=${modules##*/}
cp "$work/root/bin/kmod" "$work/bin/depmod"; ln -s depmod "$work/bin/modprobe"
[ -d "$stage/lib/modules" ] || { mkdir -p "$stage/lib" && ln -s ../usr/lib/modules "$stage/lib/modules"; }
"$work/bin/depmod" -b "$stage" "$version"
wanted="virtio_pci virtio_net virtio_rng 9p 9pnet_virtio iscsi_tcp sg st ch crc32c crc32c_generic
 configfs target_core_mod iscsi_target_mod target_core_user tcm_loop md5 sha1_generic sha256_generic"
for module in $wanted; do
  "$work/bin/modprobe" -d "$stage" -S "$version" --show-depends "$module" 2>/dev/null || true # built in, or gone
done | awk '$1 == "insmod" {print $2}' | sort -u | while read -r file; do
  to=$root/lib/modules/$version/kernel; mkdir -p "$to"
  case $file in *.xz) xz -dc "$file" >"$to/$(basename "$file" .xz)" ;; *) cp "$file" "$to/" ;; esac
done
cp "$modules"/modules.{builtin,order,builtin.modinfo} "$root/lib/modules/$version/"
"$work/bin/depmod" -b "$root" "$version"
unset LD_LIBRARY_PATH

cat >"$root/init" <<'INIT'
#!/bin/sh
export PATH=/sbin:/usr/sbin:/bin:/usr/bin HOME=/root
mount -t proc proc /proc; mount -t sysfs sys /sys; mount -t devtmpfs dev /dev 2>/dev/null
exec </dev/console >/dev/console 2>&1
mount -t tmpfs tmp /tmp; mount -t tmpfs run /run; mkdir -p /run/lock/iscsi
for module in virtio_pci virtio_rng virtio_net 9pnet_virtio 9p; do modprobe -q $module; done
ip link set lo up; ip addr add 10.0.2.15/24 dev eth0; ip link set eth0 up; ip route add default via 10.0.2.2
mount -t 9p -o trans=virtio,version=9p2000.L,msize=131072 job /job || echo "no job share"
sh /job/run.sh; echo "GUEST-EXIT $?"
sync; umount /job; echo 1 >/proc/sys/kernel/sysrq; reboot -f
INIT
chmod 755 "$root/init"

# QEMU also starts the plain kernel, which saves unpacking it in software emulation at every boot.
image=$(find "$stage" -name 'vmlinuz*' -type f -print -quit)
offset=$(LC_ALL=C grep -abom1 -P '\xfd7zXZ' "$image" | head -1 | cut -d: -f1 || true)
[ -z "$offset" ] || tail -c +$((offset + 1)) "$image" | xz -dcq --single-stream >"$work/kernel" 2>/dev/null || true
[ "$(head -c 4 "$work/kernel" 2>/dev/null | tail -c 3)" = ELF ] || cp "$image" "$work/kernel"

mkdir -p "$out"
(cd "$root" && find . | cpio -o -H newc -R 0:0 --quiet) >"$work/initrd"
mv "$work/kernel" "$out/kernel"; mv "$work/initrd" "$out/initrd"
echo "guest kernel $version in $out"
