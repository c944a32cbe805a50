# tar and dd as people use them: several archives on a tape, each found, listed, compared and extracted again.
pack() { tar cf "$TAPE" -b "$1" -C / "$2" 2>/tmp/complaint || fail "tar c: $(cat /tmp/complaint)"; }
to() { must mt -f "$TAPE" rewind; must mt -f "$TAPE" asf "$1"; }
step "three archives"; must mt -f "$TAPE" rewind; pack 20 etc; pack 128 usr/sbin; pack 512 bin
n=0; for blocks in 20 128 512; do
  step "archive $n"; to $n; must tar tf "$TAPE" -b $blocks >/job/list$n; to $n; must tar df "$TAPE" -b $blocks -C /
  [ -s /job/list$n ] || fail "an empty list"; n=$((n + 1))
done
step "backwards"; for n in 2 1 0; do to $n; must tar tf "$TAPE" -b 512 >/tmp/list; must cmp /tmp/list /job/list$n; done
step "extracted"; mkdir /tmp/x; to 1; must tar xf "$TAPE" -b 128 -C /tmp/x
(cd /usr/sbin && for f in *; do cmp "$f" "/tmp/x/usr/sbin/$f" || echo "$f"; done) >/tmp/differ
[ -s /tmp/differ ] && fail "differ: $(cat /tmp/differ)"
step "appended at the end"; must mt -f "$TAPE" eod; pack 20 init; to 3; must tar tf "$TAPE" -b 20
step "one archive over those behind it"; to 1; pack 20 init; must mt -f "$TAPE" eod
mt -f "$TAPE" status | grep -q 'File number=2,' || fail "$(mt -f "$TAPE" status)"
to 0; must tar df "$TAPE" -b 20 -C /; to 1; must tar df "$TAPE" -b 20 -C /
step "records of many lengths"; must mt -f "$TAPE" rewind; dd if=/dev/urandom of=/tmp/in bs=1M count=4 2>/dev/null
for size in 1 2 3 511 513 4095 65537 262144 1048576; do
  must dd if=/tmp/in of="$TAPE" bs=$size count=3 2>/dev/null
done
must mt -f "$TAPE" rewind
for size in 1 2 3 511 513 4095 65537 262144 1048576; do
  dd if="$TAPE" of=/tmp/out bs=1M 2>/dev/null || fail "read $size"
  [ "$(stat -c %s /tmp/out)" = $((3 * size)) ] || fail "$(stat -c %s /tmp/out) bytes of $((3 * size))"
  must cmp -n $((3 * size)) /tmp/in /tmp/out
done
must mt -f "$TAPE" rewind
