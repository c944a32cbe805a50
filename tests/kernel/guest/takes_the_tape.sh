# Somebody else has written three records and a filemark, and thinks that the tape stands behind them.
step "reads what is there"; must mt -f "$TAPE" rewind
must dd if="$TAPE" of=/tmp/out bs=64k 2>/dev/null
[ "$(stat -c %s /tmp/out)" = 3000 ] || fail "$(stat -c %s /tmp/out) bytes of 3000"
step "sets a block length, unloads and loads the tape"
must mt -f "$TAPE" setblk 4096; must mt -f "$TAPE" offline; must mt -f "$TAPE" load
