# What a person does with a tape drive under Linux, with st, mt, tar and sg3-utils.
step "status"; must mt -f "$TAPE" status
step "tar writes an archive"; must mt -f "$TAPE" rewind; must tar cf "$TAPE" -b 20 /etc /usr/sbin /sbin
step "tar compares it"; must mt -f "$TAPE" rewind; must tar df "$TAPE" -b 20 -C /

dd if=/dev/urandom of=/tmp/in bs=1M count=16 2>/dev/null
for size in 64k 256k; do
  step "dd writes and reads records of $size"
  must mt -f "$TAPE" rewind; must dd if=/tmp/in of="$TAPE" bs=$size 2>/dev/null
  must mt -f "$TAPE" rewind; must dd if="$TAPE" of=/tmp/out bs=$size 2>/dev/null
  must cmp /tmp/in /tmp/out
done

step "a second file, found by fsf"
must mt -f "$TAPE" rewind; must mt -f "$TAPE" fsf 1; must tar cf "$TAPE" -b 20 /init
must mt -f "$TAPE" rewind; must mt -f "$TAPE" fsf 1; must tar tf "$TAPE" -b 20

step "positions"
must mt -f "$TAPE" rewind; must mt -f "$TAPE" fsr 3
mt -f "$TAPE" status | grep -q 'File number=0, block number=3' || fail "block number after fsr 3"
must mt -f "$TAPE" tell; mt -f "$TAPE" tell | grep -q 'At block 3' || fail "tell after fsr 3"
must mt -f "$TAPE" seek 1; mt -f "$TAPE" tell | grep -q 'At block 1' || fail "tell after seek 1"
must mt -f "$TAPE" eod; must mt -f "$TAPE" bsfm 1

step "fixed blocks"
must mt -f "$TAPE" rewind; must mt -f "$TAPE" setblk 4096
must dd if=/tmp/in of="$TAPE" bs=64k count=64 2>/dev/null
must mt -f "$TAPE" rewind; must dd if="$TAPE" of=/tmp/out bs=64k count=64 2>/dev/null
must cmp -n 4194304 /tmp/in /tmp/out
must mt -f "$TAPE" rewind; must mt -f "$TAPE" setblk 0

step "sg3-utils"
must sg_inq "$SG"; must sg_vpd "$SG"; must sg_vpd -p sn "$SG"; must sg_vpd -p di "$SG"
must sg_read_block_limits "$SG"; must sg_modes -a "$SG"; must sg_luns "$SG"; must sg_logs "$SG"
must mt -f "$TAPE" rewind
