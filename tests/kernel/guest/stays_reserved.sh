# Reserves the drive, and leaves without a word: a persistent reservation outlives the session.
sg_turs "$SG" >/dev/null 2>&1 # hears of the power-on
must sg_persist --out --register --param-sark=0x77 "$SG"
must sg_persist --out --reserve --param-rk=0x77 --prout-type=3 "$SG"
must mt -f "$TAPE" rewind; must dd if=/init of="$TAPE" bs=10k count=1 2>/dev/null; must mt -f "$TAPE" weof 1
