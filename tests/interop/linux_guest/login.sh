# Runs in the guest. $PORT and $IQN say where to log in, and $SETTINGS, as NAME=VALUE, how; then job.sh runs with $TAPE
# (/dev/nstN), $SG and, where there is a library, $CHANGER set.
failures=0
step() { echo "--- $*"; }
fail() { echo "FAILED: $*"; failures=$((failures + 1)); }
must() { "$@" || fail "$*"; }
must_not() { "$@" 2>/tmp/refusal && fail "not refused: $*"; true; }

modprobe -a iscsi_tcp sg st ch
iscsid; sleep 0.3
# SendTargets would answer with an address that leads nowhere in here, hence the record made by hand.
iscsiadm -m node -o new -T "$IQN" -p "10.0.2.2:$PORT,1" >/dev/null || exit 10
for setting in $SETTINGS; do
  iscsiadm -m node -T "$IQN" -p "10.0.2.2:$PORT" -o update -n "${setting%%=*}" -v "${setting#*=}" || exit 13
done
iscsiadm -m node -T "$IQN" -p "10.0.2.2:$PORT" --login || exit 11
for _ in 1 2 3 4 5 6 7 8 9 10; do
  set -- /dev/nst[0-9]; [ -c "$1" ] && break; sleep 0.2
done
[ -c "$1" ] || { lsscsi -g; dmesg | tail -20; exit 12; }
TAPE=$1 SG=$(lsscsi -g | awk '/tape/ {print $NF; exit}') CHANGER=$(lsscsi -g | awk '/mediumx/ {print $NF; exit}')

. /job/job.sh

iscsiadm -m node -T "$IQN" -p "10.0.2.2:$PORT" --logout || fail logout
dmesg | grep -E 'st[0-9]|iscsi|scsi' >/job/dmesg.txt
exit $failures
