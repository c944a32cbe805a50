# mtx with a library of one arm, two drives, four slots of which the first two hold cartridges, and one import/export slot.
asks() { step "$*"; "$@" >/tmp/answer 2>&1 || fail "$*: $(cat /tmp/answer)"; }
says() { grep -q -- "$1" /tmp/answer || fail "no '$1' in $(cat /tmp/answer)"; }
status() { asks mtx -f "$CHANGER" status; }
[ -n "$CHANGER" ] || fail "no changer: $(lsscsi -g)"
asks mtx -f "$CHANGER" inquiry; says 'Medium Changer'
asks loaderinfo -f "$CHANGER"; cat /tmp/answer; asks mtx -f "$CHANGER" inventory
status; cat /tmp/answer; says '2 Drives, 5 Slots ( 1 Import/Export )'; says 'Storage Element 1:Full :VolumeTag=A00001L8'
asks mtx -f "$CHANGER" load 1 0; status; says 'Data Transfer Element 0:Full (Storage Element 1 Loaded)'
says 'Storage Element 1:Empty'
step "the drive has it"; mt -f "$TAPE" rewind 2>/dev/null; must mt -f "$TAPE" rewind; must tar cf "$TAPE" -b 20 -C / etc
must mt -f "$TAPE" rewind; must tar df "$TAPE" -b 20 -C /; must mt -f "$TAPE" offline
asks mtx -f "$CHANGER" unload 1 0; status; says 'Data Transfer Element 0:Empty'; says 'Storage Element 1:Full :VolumeTag=A00001L8'
asks mtx -f "$CHANGER" transfer 1 4; status; says 'Storage Element 4:Full :VolumeTag=A00001L8'; says 'Storage Element 1:Empty'
asks mtx -f "$CHANGER" transfer 4 5; status; says 'Storage Element 5 IMPORT/EXPORT:Full :VolumeTag=A00001L8'
asks mtx -f "$CHANGER" transfer 5 3; status
step "load a slot into a drive that is full"; asks mtx -f "$CHANGER" load 2 1; must_not mtx -f "$CHANGER" load 3 1
asks mtx -f "$CHANGER" load 3 0; status; says 'Data Transfer Element 0:Full (Storage Element 3 Loaded):VolumeTag = A00001L8'
says 'Data Transfer Element 1:Full (Storage Element 2 Loaded):VolumeTag = A00002L8'
step "the tape still holds the archive"; mt -f "$TAPE" rewind 2>/dev/null; must mt -f "$TAPE" rewind; must tar df "$TAPE" -b 20 -C /
step "an empty slot, a slot that is none"; must_not mtx -f "$CHANGER" load 1 0; must_not mtx -f "$CHANGER" transfer 1 2
must_not mtx -f "$CHANGER" transfer 77 1
asks mtx -f "$CHANGER" unload 2 1; must mt -f "$TAPE" offline; asks mtx -f "$CHANGER" unload 1 0
asks mtx -f "$CHANGER" first 0; asks mtx -f "$CHANGER" next 0; status; says 'Data Transfer Element 0:Full (Storage Element 2 Loaded)'
asks mtx -f "$CHANGER" previous 0; asks mtx -f "$CHANGER" unload; status
asks mtx -f "$CHANGER" exchange 1 2; status; says 'Storage Element 1:Full :VolumeTag=A00002L8'
says 'Storage Element 2:Full :VolumeTag=A00001L8'
asks sg_inq "$CHANGER"; says 'PDT=8'; asks sg_vpd -a "$CHANGER"; asks sg_modes -a "$CHANGER"; asks sg_opcodes "$CHANGER"
asks sg_luns "$CHANGER"; must_not sg_logs "$CHANGER"
