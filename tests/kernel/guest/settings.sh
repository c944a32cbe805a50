# Verbs of mt that change the drive or the driver, and those that load and unload.
does() { step "$*"; must mt -f "$TAPE" "$@"; }
shows() { mt -f "$TAPE" status >/tmp/status; grep -q -- "$1" /tmp/status || fail "no '$1' in $(cat /tmp/status)"; }
dd if=/dev/urandom of=/tmp/in bs=1M count=4 2>/dev/null

does rewind; does status; shows BOT; shows ONLINE; shows 'Tape block size 0 bytes'
for size in 512 4096 65536 1048576; do
  does setblk $size; shows "Tape block size $size bytes"; does rewind
  must dd if=/tmp/in of="$TAPE" bs=1M 2>/dev/null; does rewind
  must dd if="$TAPE" of=/tmp/out bs=1M count=4 2>/dev/null; must cmp /tmp/in /tmp/out
  does rewind; does fsr 1; does bsr 1; does fsf 1; does rewind
done
step "fixed blocks of another size than was written"; does setblk 4096
must_not dd if="$TAPE" of=/tmp/out bs=64k count=1; does rewind
step "part of a block"; must_not dd if=/tmp/in of="$TAPE" bs=1000 count=1; does rewind
does setblk 0; does rewind
step "a record longer than the buffer is refused"; must dd if=/tmp/in of="$TAPE" bs=64k count=8 2>/dev/null
does rewind; must_not dd if="$TAPE" of=/tmp/out bs=32k count=1
does rewind; must dd if="$TAPE" of=/tmp/out bs=1M 2>/dev/null; must cmp -n 524288 /tmp/in /tmp/out
step "reading at end of data ends"; dd if="$TAPE" of=/tmp/out bs=64k count=1 2>/dev/null; [ -s /tmp/out ] && fail "data"
does rewind

does compression 0; does compression 1
does drvbuffer 0; does drvbuffer 1
does stwrthreshold 8; does stoptions buffer-writes async-writes read-ahead; does stshowoptions
for option in sysv no-blklimits no-wait sili can-bsr debug; do
  does stsetoptions $option; does stclearoptions $option
done
does stsetoptions can-bsr scsi2logical
step "sili: a short record without an error"; does stsetoptions sili; must dd if=/tmp/in of="$TAPE" bs=1000 count=2 2>/dev/null
does rewind; must dd if="$TAPE" of=/tmp/out bs=64k count=2 2>/dev/null; must cmp -n 2000 /tmp/in /tmp/out; does rewind
does stclearoptions sili
does sttimeout 300; does stlongtimeout 3600; does defblksize 4096; does defblksize -1; does defcompression 1
does defdrvbuffer 1; does stsetcln 0; does densities
density=$(sed -n 's/.*Density code \(0x[0-9a-f]*\).*/\1/p' /tmp/status | tail -1)
[ -n "$density" ] && does setdensity "$density"
for verb in fss bss wset; do
  step "$verb: setmarks are of the past"; must_not mt -f "$TAPE" $verb 1; mt -f "$TAPE" rewind; does rewind
done
step "LOAD UNLOAD while locked"; does lock; must_not sg_raw "$SG" 1b 00 00 00 00 00; does unlock
does offline; shows DR_OPEN; must_not sg_turs "$SG"
does load; shows BOT; shows ONLINE
does rewoffl; shows DR_OPEN; does load; does eject; shows DR_OPEN; does load; does rewind
