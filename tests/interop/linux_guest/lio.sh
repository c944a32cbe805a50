# Runs in the guest: Linux's own target (LIO) with a RAM disk of 32 MiB as LUN 0, until /job/stop is there.
# $IQN is the target's name; with $CHAP_NAME it demands CHAP, with $TARGET_NAME mutual CHAP.
mkdir -p /etc/target
modprobe -a configfs target_core_mod iscsi_target_mod || exit 20
modprobe -a md5 sha1_generic sha256_generic 2>/dev/null
mount -t configfs configfs /sys/kernel/config 2>/dev/null
core=/sys/kernel/config/target/core fabric=/sys/kernel/config/target/iscsi
mkdir -p $fabric $core/rd_mcp_0/ram || exit 21
echo rd_pages=8192 >$core/rd_mcp_0/ram/control && echo 1 >$core/rd_mcp_0/ram/enable || exit 22

group=$fabric/$IQN/tpgt_1
mkdir -p $group/lun/lun_0 && ln -s $core/rd_mcp_0/ram $group/lun/lun_0/ram || exit 23
echo 1 >$group/attrib/generate_node_acls
echo 1 >$group/attrib/cache_dynamic_acls
echo 0 >$group/attrib/demo_mode_write_protect
echo 0 >$group/attrib/authentication
echo 2 >$group/param/ErrorRecoveryLevel
echo 2 >$group/attrib/default_erl # what it answers in a login
echo 4 >$group/param/MaxConnections
echo CRC32C,None >$group/param/HeaderDigest
echo CRC32C,None >$group/param/DataDigest
if [ -n "$CHAP_NAME" ]; then
  echo 1 >$group/attrib/authentication
  echo CHAP >$group/param/AuthMethod
  printf %s "$CHAP_NAME" >$group/auth/userid
  printf %s "$CHAP_SECRET" >$group/auth/password
  if [ -n "$TARGET_NAME" ]; then
    printf %s "$TARGET_NAME" >$group/auth/userid_mutual
    printf %s "$TARGET_SECRET" >$group/auth/password_mutual
  fi
fi
mkdir $group/np/0.0.0.0:3260 || exit 24
echo 1 >$group/enable || exit 25
touch /job/ready
while [ ! -e /job/stop ]; do sleep 0.2; done
dmesg | grep -iE 'target|iscsi|tcm' >/job/dmesg.txt
exit 0
