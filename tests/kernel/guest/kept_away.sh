# Somebody else holds a persistent reservation of the drive.
step "what moves or writes the tape is refused"
must_not mt -f "$TAPE" rewind; must_not dd if=/init of="$TAPE" bs=10k count=1; must_not mt -f "$TAPE" offline
must_not sg_raw "$SG" 01 00 00 00 00 00; must_not sg_raw -s 512 -i /init "$SG" 0a 00 00 02 00 00
step "what asks who it is is not"
must sg_inq "$SG"; must sg_luns "$SG"
sg_persist -r "$SG" >/tmp/answer || fail "sg_persist"; grep -q 'Exclusive Access' /tmp/answer || fail "$(cat /tmp/answer)"
step "a key that is not registered releases nothing"
must_not sg_persist --out --release --param-rk=0x1234 --prout-type=3 "$SG"
must_not sg_persist --out --clear --param-rk=0x1234 "$SG"
