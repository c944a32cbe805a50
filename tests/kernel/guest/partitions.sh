# A second partition, made, filled, and told from the first.
does() { step "$*"; must mt -f "$TAPE" "$@"; }
told() { mt -f "$TAPE" tell >/tmp/told; grep -q "At block $1\\." /tmp/told || fail "not at $1: $(cat /tmp/told)"; }
in_partition() { mt -f "$TAPE" status >/tmp/status; grep -q "partition=$1\\." /tmp/status || fail "$(cat /tmp/status)"; }
dd if=/dev/urandom of=/tmp/in bs=64k count=8 2>/dev/null
does stsetoptions can-partitions scsi2logical; does rewind
for megabytes in 1000 -2000; do
  does mkpartition $megabytes
  does setpartition 0; must dd if=/tmp/in of="$TAPE" bs=64k count=2 2>/dev/null
  does setpartition 1; must dd if=/tmp/in of="$TAPE" bs=64k count=3 skip=2 2>/dev/null
  in_partition 1; told 4
  does setpartition 0; does rewind; in_partition 0
  must dd if="$TAPE" of=/tmp/out bs=64k 2>/dev/null; must cmp -n 131072 /tmp/in /tmp/out
  [ "$(stat -c %s /tmp/out)" = 131072 ] || fail "$(stat -c %s /tmp/out) bytes in partition 0"
  does partseek 1 1; told 1; in_partition 1
  must dd if="$TAPE" of=/tmp/out bs=64k 2>/dev/null; must cmp -n 131072 /tmp/in /tmp/out 196608 0
  does partseek 0 0; told 0; does eod; told 3
  does setpartition 1; does eod; told 4; does rewind; told 0; does setpartition 0; does rewind
done
step "there is no third"; must_not mt -f "$TAPE" setpartition 2; does setpartition 0; does rewind
does mkpartition 0; step "one partition again"; must_not dd if="$TAPE" of=/tmp/out bs=64k count=1
must_not mt -f "$TAPE" setpartition 1; in_partition 0; does rewind
does stclearoptions can-partitions
