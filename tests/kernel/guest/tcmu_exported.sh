# A simulated drive as a LUN of the guest's own iSCSI target, until /job/stop is there. $IQN is the target's name.
. /job/tcmu.sh
modprobe iscsi_target_mod
mkdir -p /etc/target
attach --media /tmp/tape.tap
group=/sys/kernel/config/target/iscsi/$IQN/tpgt_1
mkdir -p /sys/kernel/config/target/iscsi "$group/lun/lun_0" || fail "no iSCSI target"
ln -s "$(awk '/^ready tape/ {print $3}' /tmp/ready)" "$group/lun/lun_0/tape" || fail "no LUN"
echo 1 >"$group/attrib/generate_node_acls"
echo 1 >"$group/attrib/cache_dynamic_acls"
echo 0 >"$group/attrib/demo_mode_write_protect"
echo 0 >"$group/attrib/authentication"
mkdir "$group/np/0.0.0.0:3260" || fail "no portal"
echo 1 >"$group/enable" || fail "not enabled"
touch /job/ready
until_true 6000 test -e /job/stop

step "the process ends, and takes its LUN with it"
kill -TERM $server; wait $server || fail "exit status $?"
[ ! -e "$group/lun/lun_0/tape" ] || fail "the LUN is there"
nothing_is_left
exit $failures
