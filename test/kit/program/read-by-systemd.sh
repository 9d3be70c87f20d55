#!/bin/sh
# Lets a real systemd read an EnvironmentFile= and writes the environment of the service (`env -0`).
#
#   read-by-systemd.sh FOLDER    reads FOLDER/env and writes FOLDER/out
#
# It is a `systemd --user` manager in its own PID, mount, network and cgroup namespaces. It must never
# be PID 1, a system manager, or run outside of them: it would take control of the machine.
set -eu
folder=$1

if [ "${2:-}" != inside ]; then
  # the manager must see its own cgroup and nothing above it
  group=
  cgroup=$(awk '$3 == "cgroup2" { print $2; exit }' /proc/mounts)
  if [ -n "$cgroup" ] && mkdir "$cgroup/ec2nic-test-$$" 2>/dev/null; then
    group=$cgroup/ec2nic-test-$$
  fi
  trap 'if [ -n "$group" ]; then rmdir "$group"/*/*/ "$group"/*/ "$group" 2>/dev/null || :; fi' EXIT
  sh -c '[ -z "$1" ] || echo 0 >"$1/cgroup.procs"
    exec unshare --pid --fork --kill-child --mount-proc --mount --cgroup --net sh "$2" "$3" inside
  ' sh "$group" "$0" "$folder"
  exit
fi

mkdir -p "$folder/run" "$folder/config/systemd/user"
cat >"$folder/config/systemd/user/probe.service" <<UNIT
[Service]
Type=oneshot
EnvironmentFile=$folder/env
ExecStart=/bin/sh -c 'env -0 >$folder/out.new && mv $folder/out.new $folder/out'
UNIT
mount -t tmpfs tmpfs /run
mkdir -p /run/systemd/system # the sign that systemd booted this machine (sd_booted(3))
# the mounted tree, unified or hybrid, is that of the machine
umount -l /sys/fs/cgroup 2>/dev/null || :
mount -t cgroup2 cgroup2 /sys/fs/cgroup

systemd=$(command -v /lib/systemd/systemd /usr/lib/systemd/systemd | head -n 1)
env -i HOME="$folder" PATH="$PATH" XDG_RUNTIME_DIR="$folder/run" \
  XDG_CONFIG_HOME="$folder/config" XDG_DATA_HOME="$folder/data" \
  "$systemd" --user --unit=probe.service --log-target=console --log-level=warning &
manager=$!
tries=0
while [ ! -e "$folder/out" ] && [ "$tries" -lt 200 ]; do
  sleep 0.05
  tries=$((tries + 1))
done
kill "$manager"
wait "$manager" || :
[ -e "$folder/out" ]
