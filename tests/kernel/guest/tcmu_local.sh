# Simulated devices as devices of the guest's own kernel, through the loopback fabric.
. /job/tcmu.sh

step "a drive is attached"; attach --media /tmp/tape.tap --loopback
tape=$(awk '/^ready tape/ {print $4}' /tmp/ready)
[ "$tape" = /dev/nst0 ] || fail "device file: $tape"
must mt -f "$tape" status

step "tar writes and compares"
must mt -f "$tape" rewind; must tar cf "$tape" -b 20 /etc
must mt -f "$tape" rewind; must tar df "$tape" -b 20 -C /
dd if=/dev/urandom of=/tmp/in bs=1M count=4 2>/dev/null
for size in 10k 64k 256k 1M; do
  step "records of $size"
  must mt -f "$tape" rewind; must dd if=/tmp/in of="$tape" bs=$size 2>/dev/null
  must mt -f "$tape" rewind; must dd if="$tape" of=/tmp/out bs=$size 2>/dev/null
  must cmp /tmp/in /tmp/out
done

step "short records, filemarks and the end of data"
must mt -f "$tape" rewind
for bytes in 100 5000 1; do must dd if=/tmp/in of="$tape" bs=$bytes count=1 2>/dev/null; done
must mt -f "$tape" rewind
for bytes in 100 5000 1; do
  dd if="$tape" of=/tmp/out bs=64k 2>/dev/null; head -c $bytes /tmp/in | cmp - /tmp/out || fail "record of $bytes"
done
must mt -f "$tape" rewind; must mt -f "$tape" fsf 2
mt -f "$tape" status | grep -q 'File number=2, block number=0' || fail "fsf"
must mt -f "$tape" rewind; must_not dd if="$tape" of=/tmp/out bs=50 # the record is longer

step "fixed blocks"
must mt -f "$tape" rewind; must mt -f "$tape" setblk 4096
must dd if=/tmp/in of="$tape" bs=64k count=16 2>/dev/null
must mt -f "$tape" rewind; must dd if="$tape" of=/tmp/out bs=128k 2>/dev/null
head -c 1048576 /tmp/in | cmp - /tmp/out || fail "fixed blocks"
must mt -f "$tape" rewind; must mt -f "$tape" setblk 0

step "a reset reaches the drive, which tells of it after the kernel has"
must sg_turs /dev/sg0; must sg_reset -d /dev/sg0
must_not sg_turs /dev/sg0; must_not sg_turs /dev/sg0; must sg_turs /dev/sg0

step "detach ends the process and the device"
must mt -f "$tape" rewind; must dd if=/tmp/in of="$tape" bs=64k 2>/dev/null
must tcmu detach tape; wait $server || fail "exit status $?"; nothing_is_left

step "the tape is as it was left"; attach --media /tmp/tape.tap --loopback --name again
must mt -f /dev/nst0 rewind; must dd if=/dev/nst0 of=/tmp/out bs=64k 2>/dev/null; must cmp /tmp/in /tmp/out

step "the process is killed in the middle of a write"
must mt -f /dev/nst0 rewind
dd if=/dev/zero of=/dev/nst0 bs=64k >/tmp/dd 2>&1 & writer=$!
sleep 1; kill -STOP $server; sleep 0.5; kill -9 $server; wait $server 2>/dev/null
kill -0 $writer || fail "the write did not wait"
must tcmu list | grep 'no process' || fail "list"
must tcmu cleanup; wait $writer && fail "the write succeeded"; cat /tmp/dd; nothing_is_left

step "and attaches again"; attach --media /tmp/tape.tap --loopback
must mt -f /dev/nst0 rewind; must dd if=/dev/nst0 of=/tmp/out bs=64k count=1 2>/dev/null; must cmp -n 65536 /tmp/out /dev/zero
must mt -f /dev/nst0 rewind; must dd if=/tmp/in of=/dev/nst0 bs=64k 2>/dev/null
must mt -f /dev/nst0 rewind; must dd if=/dev/nst0 of=/tmp/out bs=64k 2>/dev/null; must cmp /tmp/in /tmp/out

step "the drive is taken away while it is in use"
(while dd if=/dev/nst0 of=/dev/null bs=64k 2>/dev/null && mt -f /dev/nst0 rewind; do :; done) 2>/dev/null & reader=$!
sleep 1; kill -TERM $server; wait $server || fail "exit status $?"; wait $reader; nothing_is_left

step "a library is attached"; attach --slots 4 --drives 2 --name lib --loopback
changer=$(awk '/^ready lib-changer/ {print $4}' /tmp/ready) drive=$(awk '/^ready lib-drive1/ {print $4}' /tmp/ready)
[ "$changer" = /dev/sch0 ] || fail "device file: $changer"
must mtx -f "$changer" status; must mtx -f "$changer" load 2 1
must mt -f "$drive" status; must tar cf "$drive" -b 20 /etc; must mt -f "$drive" rewind; must tar df "$drive" -b 20 -C /
must mt -f "$drive" offline; must mtx -f "$changer" unload 2 1
kill -INT $server; wait $server || fail "exit status $?"; nothing_is_left

step "detached while it reads, answering late, aborted, and a hundred times"
must deno run -A --no-check /tmp/tcmu_lifetimes.js; nothing_is_left
exit $failures
