# Every verb of mt that moves the tape, and where each leaves it. Three files of five records, one filemark behind each.
at() { # at FILE BLOCK: where the kernel says the tape stands; -1 is unknown
  mt -f "$TAPE" status >/tmp/status || fail "status"
  grep -q "File number=$1, block number=$2," /tmp/status || fail "not at $1/$2: $(grep '^File' /tmp/status)"
}
told() { # told BLOCK: where the drive says the tape stands
  mt -f "$TAPE" tell >/tmp/told; grep -q "At block $1\\." /tmp/told || fail "not at $1: $(cat /tmp/told)"
}
does() { step "$*"; must mt -f "$TAPE" "$@"; }
dd if=/dev/urandom of=/tmp/in bs=1k count=60 2>/dev/null
files() { for k in 0 1 2; do
  must dd if=/tmp/in of="$TAPE" bs=$((1 << k))k count=5 2>/dev/null
done; }

does stsetoptions scsi2logical; does rewind; at 0 0
step "three files"; files; at 3 0; told 18
does weof 1; at 4 0; told 19
does rewind; told 0
does fsf 2; at 2 0; told 12
does bsf 1; at 1 -1; told 11
does fsf 1; at 2 0; told 12
does fsr 3; at 2 3; told 15
does bsr 2; at 2 1; told 13
step "fsr over a filemark stops behind it"; must_not mt -f "$TAPE" fsr 10; at 3 0; told 18
step "bsr over a filemark stops before it"; must_not mt -f "$TAPE" bsr 2; at 2 -1; told 17
does bsfm 1; at 2 0; told 12
does fsfm 1; at 2 -1; told 17
does asf 1; at 1 0; told 6
does asf 0; at 0 0; told 0
does eod; at 4 -1; told 19
does bsf 2; at 2 -1; told 17
does seod; at 4 -1; told 19
does stsetoptions fast-eod; does rewind; does eod; told 19; does stclearoptions fast-eod
does seek 14; told 14
step "what lies there"; must dd if="$TAPE" of=/tmp/out bs=64k count=1 2>/dev/null
dd if=/tmp/in bs=4k skip=2 count=1 2>/dev/null | cmp - /tmp/out || fail "the record after seek"
does seek 0; told 0; does rewind
step "fsf beyond the end"; must_not mt -f "$TAPE" fsf 9; told 19
step "bsf before the beginning"; must_not mt -f "$TAPE" bsf 9; told 0
does rewind; does eof 1; at 1 0; told 1
step "what was behind an overwriting filemark is gone"; must_not mt -f "$TAPE" fsr 1
step "erase"; does rewind; files; does rewind; does fsf 1; does erase 0; told 6
must_not mt -f "$TAPE" fsr 1; does rewind; does fsf 1; does rewind; does erase; does rewind
step "an erased tape is blank"; must_not mt -f "$TAPE" fsr 1
does rewind; files; does retension; at 0 0; told 0
does fsf 1
step "the record at every number is the one that was written there"
n=0; while [ $n -lt 5 ]; do
  must mt -f "$TAPE" seek $((6 + n)); must dd if="$TAPE" of=/tmp/out bs=64k count=1 2>/dev/null
  dd if=/tmp/in bs=2k skip=$n count=1 2>/dev/null | cmp - /tmp/out || fail "record $n"
  n=$((n + 1))
done
does rewind
