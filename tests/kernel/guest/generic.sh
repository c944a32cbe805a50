# What sg3-utils asks a tape drive.
asks() { step "$*"; "$@" >/tmp/answer 2>&1 || fail "$*: $(cat /tmp/answer)"; }
says() { grep -q -- "$1" /tmp/answer || fail "no '$1' in $(cat /tmp/answer)"; }
asks sg_inq "$SG"; says 'PDT=1\|Peripheral device type: tape'
asks sg_inq -e -p 0 "$SG"; cat /tmp/answer; asks sg_vpd "$SG"; cat /tmp/answer
for page in $(sg_vpd -p 0 -q -H "$SG" 2>/dev/null | awk 'NR == 1 {for (i = 6; i <= 17; i++) print $i}'); do
  case $page in [0-9a-f][0-9a-f])
    asks sg_inq -p "0x$page" "$SG"; asks sg_vpd -p "0x$page" "$SG"; sed 's/^/    /' /tmp/answer; pages=$((pages + 1)) ;;
  esac
done
[ "${pages:-0}" -ge 9 ] || fail "only ${pages:-0} pages of vital product data"
asks sg_vpd -a "$SG"; asks sg_inq -p sn "$SG"; says 'SIM0000001\|serial'
step "a page that is not there"; must_not sg_vpd -p 0xb9 "$SG"
sg_turs "$SG" >/dev/null 2>&1 # hears of the power-on
asks sg_turs "$SG"; asks sg_read_block_limits "$SG"; cat /tmp/answer; says 'Minimum block size'
asks sg_luns "$SG"; asks sg_turs "$SG"; asks sg_requests "$SG"; asks sg_opcodes "$SG"; cat /tmp/answer
asks sg_opcodes -o 0x8 "$SG"; asks sg_opcodes -R "$SG"; asks sg_opcodes -T "$SG" 
asks sg_logs "$SG"; cat /tmp/answer; asks sg_logs -a "$SG"; cat /tmp/answer
asks sg_logs -p 0x2e "$SG"; says 'TapeAlert\|Tape alert'
asks sg_logs -p 0,0xff "$SG"; asks sg_logs -p 0x16 "$SG"; asks sg_logs -p 0x17 "$SG"; says 'Volume mounts\|Volume loads\|Thread count'
asks sg_modes -a "$SG"; cat /tmp/answer; asks sg_modes -p 0xf "$SG"; asks sg_modes -p 0x10 -c 1 "$SG"; asks sg_modes -6 "$SG"
asks sg_read_attr "$SG"; cat /tmp/answer; asks sg_read_attr -l 0 "$SG"; asks sg_read_attr -f 0x400 "$SG"
asks sg_timestamp "$SG"
step "persistent reservations"
asks sg_persist -k "$SG"; asks sg_persist -c "$SG"; cat /tmp/answer
asks sg_persist --out --register --param-sark=0xabc "$SG"; asks sg_persist -k "$SG"; says '0xabc'
asks sg_persist --out --reserve --param-rk=0xabc --prout-type=3 "$SG"; asks sg_persist -r "$SG"; says 'Exclusive Access'
asks sg_persist -s "$SG"; must mt -f "$TAPE" rewind
asks sg_persist --out --release --param-rk=0xabc --prout-type=3 "$SG"; asks sg_persist -r "$SG"; says 'NO reservation'
asks sg_persist --out --register-ignore --param-sark=0xdef "$SG"; asks sg_persist -k "$SG"; says '0xdef'
asks sg_persist --out --register-ignore --param-sark=0xabc "$SG"
asks sg_persist --out --reserve --param-rk=0xabc --prout-type=1 "$SG"
asks sg_persist --out --preempt --param-rk=0xabc --param-sark=0xabc --prout-type=3 "$SG"
asks sg_persist -r "$SG"; says 'Exclusive Access'
asks sg_persist --out --clear --param-rk=0xabc "$SG"; asks sg_persist -k "$SG"; says 'NO registered\|no registered'
asks tapeinfo -f "$SG"; cat /tmp/answer; says 'Product Type: Tape Drive'
step "LUN reset: the next command hears of it, and goes on"
asks sg_reset -d "$SG"; sleep 0.2; sg_turs "$SG" >/dev/null 2>&1; asks sg_turs "$SG"; mt -f "$TAPE" rewind; must mt -f "$TAPE" rewind
