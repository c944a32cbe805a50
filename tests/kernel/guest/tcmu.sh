# What the jobs in a guest with Deno begin with: the kernel's modules, the command tcmu, and words to judge with.
failures=0
step() { echo "--- $(cut -d' ' -f1 /proc/uptime) $*"; }
fail() { echo "FAILED: $*"; failures=$((failures + 1)); }
must() { "$@" || fail "$*"; }
must_not() { "$@" >/tmp/refusal 2>&1 && fail "not refused: $*"; true; }
tcmu() { deno run -A --no-check /tmp/tcmu.js "$@"; }

modprobe -a configfs target_core_mod target_core_user tcm_loop st ch sg 2>/dev/null
mount -t configfs configfs /sys/kernel/config
core=/sys/kernel/config/target/core
cp /job/*.js /tmp; cd /tmp

# attach ARGUMENT...: starts the process, sets $server, and waits until it is ready.
attach() {
  : >/tmp/ready
  deno run -A --no-check /tmp/tcmu.js attach "$@" >/tmp/ready 2>&1 & server=$!
  until_true 300 ready_or_dead
  cat /tmp/ready; kill -0 $server 2>/dev/null || fail "attach $*"
}
ready_or_dead() { grep -q ^ready /tmp/ready || ! kill -0 $server 2>/dev/null; }

# until_true TENTHS COMMAND...: waits until it succeeds.
until_true() {
  local left=$1; shift
  while ! "$@"; do
    [ $left -gt 0 ] || { fail "waited too long: $*"; return 1; }
    left=$((left - 1)); sleep 0.1
  done
}

# Everything is as it was before the first device.
nothing_is_left() {
  local left
  left=$(ls -d $core/user_* /sys/kernel/config/target/loopback /dev/uio* /dev/nst* /dev/sch* /dev/sg* 2>/dev/null)
  [ -z "$left" ] || fail "left behind: $left"
}
