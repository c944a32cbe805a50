#!/bin/bash
# boot.sh GUESTDIR JOBDIR [PORT]
# Boots the guest of build.sh in software emulation and lets it run JOBDIR/run.sh, with JOBDIR as its /job, read and
# write. 127.0.0.1 of this machine is 10.0.2.2 in the guest; with PORT, 127.0.0.1:PORT of this machine is port 3260 of
# the guest. $GUEST_MB is its memory in MiB, 512 unless set. Prints the guest's console.
set -euo pipefail
exec qemu-system-x86_64 -nodefaults -no-user-config -display none -no-reboot \
  -machine pc,accel=tcg -cpu max -smp 1 -m "${GUEST_MB:-512}" -kernel "$1/kernel" -initrd "$1/initrd" \
  -append "console=ttyS0 quiet loglevel=4 panic=-1 mitigations=off nokaslr random.trust_cpu=on" \
  -serial stdio -device virtio-rng-pci \
  -netdev "user,id=net,ipv6=off${3:+,hostfwd=tcp:127.0.0.1:$3-:3260}" -device virtio-net-pci,netdev=net,romfile= \
  -virtfs "local,path=$2,mount_tag=job,security_model=none"
