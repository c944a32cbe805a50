# The least that any tape target does: tar there and back.
must mt -f "$TAPE" status
must mt -f "$TAPE" rewind; must tar cf "$TAPE" -b 20 /etc
must mt -f "$TAPE" rewind; must tar df "$TAPE" -b 20 -C /
