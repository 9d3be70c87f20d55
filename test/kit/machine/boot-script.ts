/**
 * PID 1 of a machine: a shell that builds the root of the machine, moves into it, waits until the
 * NICs and files exist, and then becomes systemd. `sh -c bootScript NAME ROOT LAYER BINARY`
 *
 * - The root is the overlay *before* init is started, and the file systems of this computer are
 *   detached and not only hidden: systemd as PID 1 on another root would empty its /tmp. The script
 *   checks that, and refuses to continue otherwise.
 * - /sys is read-only, so that udev does not run, and networkd and NetworkManager treat links as
 *   initialised, as in systemd-nspawn. https://systemd.io/CONTAINER_INTERFACE/
 * - /proc/sys is read-only except for net/, which belongs to the namespace: kernel.* is shared.
 * - rp_filter has the value of systemd's sysctl.d/50-default.conf, which Debian leaves out. A new
 *   namespace would inherit the value of this computer.
 *   https://docs.kernel.org/networking/ip-sysctl.html
 */
export const bootScript = `
set -eu
read -r pid _ </proc/self/stat
layer=$2 binary=$3
mkdir -p "$layer/upper" "$layer/work" "$layer/root"
mount -t overlay -o "lowerdir=$1,upperdir=$layer/upper,workdir=$layer/work" overlay "$layer/root"
cd "$layer/root"
mount -t proc -o nosuid,nodev,noexec proc proc
mount --bind proc/sys proc/sys
mount -o remount,bind,ro,nosuid,nodev,noexec proc/sys
mount --bind proc/sys/net proc/sys/net
mount -o remount,bind,rw,nosuid,nodev,noexec proc/sys/net
mount -t sysfs -o ro,nosuid,nodev,noexec sysfs sys
mount -t cgroup2 -o nosuid,nodev,noexec cgroup2 sys/fs/cgroup
mount -t tmpfs -o mode=0755,nosuid tmpfs dev
mknod -m 0666 dev/null c 1 3
mknod -m 0666 dev/zero c 1 5
mknod -m 0666 dev/full c 1 7
mknod -m 0666 dev/random c 1 8
mknod -m 0666 dev/urandom c 1 9
mknod -m 0666 dev/tty c 5 0
mkdir dev/pts dev/shm
mount -t devpts -o newinstance,ptmxmode=0666,mode=0620,gid=5 devpts dev/pts
mount -t tmpfs -o nosuid,nodev tmpfs dev/shm
ln -s pts/ptmx dev/ptmx
ln -s /proc/self/fd dev/fd
ln -s /proc/self/fd/0 dev/stdin
ln -s /proc/self/fd/1 dev/stdout
ln -s /proc/self/fd/2 dev/stderr
for each in proc/kcore proc/kmsg proc/sysrq-trigger; do
  if [ -e "$each" ]; then mount --bind dev/null "$each"; fi
done
mount -t tmpfs -o mode=0755,nosuid,nodev tmpfs run
mount -t tmpfs -o mode=1777,nosuid,nodev tmpfs tmp
: >.ec2nic-machine
if [ -n "$binary" ]; then
  : >usr/local/bin/ec2nic
  mount --bind "$binary" usr/local/bin/ec2nic
  mount -o remount,bind,ro usr/local/bin/ec2nic
fi
mkdir -p .outside
pivot_root . .outside
cd /
umount -l /.outside
rmdir /.outside
[ "$(stat -f -c %T /)" = overlayfs ] || { echo "/ is not an overlay: refused" >&2; exit 1; }
echo 0 >/proc/sys/net/ipv4/conf/all/rp_filter
echo 2 >/proc/sys/net/ipv4/conf/default/rp_filter
echo "$pid"
read -r go
[ "$go" = go ]
[ "$(stat -f -c %T /)" = overlayfs ] || { echo "/ is not an overlay: refused" >&2; exit 1; }
[ "$(findmnt -no PROPAGATION /)" = private ] || { echo "/ is not private: refused" >&2; exit 1; }
[ "$$" = 1 ] || { echo "not the first process of a namespace: refused" >&2; exit 1; }
exec env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin container=ec2nic \\
  setpriv --bounding-set=-sys_time,-sys_module,-sys_rawio,-syslog,-wake_alarm,-mac_admin \\
  /sbin/init --unit=multi-user.target </dev/null >/dev/null
`;
