/**
 * Builds the disk, kernel and initrd of a guest from a root file system, which is not changed:
 * `sh -c buildImage sh TARGET ROOT FILES`; the content of the folder FILES is copied over the root. It
 * runs in its own mount namespace, and renames the result at the end. `mke2fs -d` needs no loop
 * device. The initrd has busybox and the modules for the disk, in the order of their dependencies.
 */
export const buildImage = `
set -eu
target=$1 root=$2 files=$3
if [ -d "$target" ]; then exit 0; fi
new=$target.new; rm -rf --one-file-system "$new"; mkdir -p "$new"
mount -t tmpfs tmpfs /mnt
mkdir /mnt/upper /mnt/work /mnt/root /mnt/initrd
mount -t overlay -o "lowerdir=$root,upperdir=/mnt/upper,workdir=/mnt/work" overlay /mnt/root
chmod 0755 "$files"
cp -a "$files/." /mnt/root/
touch /mnt/root/usr
mount -t proc proc /mnt/root/proc
chroot /mnt/root sh -eu /lab-setup
version=$(ls /mnt/root/usr/lib/modules)
chroot /mnt/root modprobe --set-version "$version" --show-depends virtio_pci >/mnt/modules
chroot /mnt/root modprobe --set-version "$version" --show-depends virtio_blk >>/mnt/modules
umount /mnt/root/proc
rm /mnt/root/lab-setup
cp "/mnt/root/boot/vmlinuz-$version" "$new/kernel"
cp /mnt/root/lab-init /mnt/initrd/init; rm /mnt/root/lab-init
busybox=/mnt/root/bin/busybox
mkdir /mnt/initrd/bin; cp "$busybox" /mnt/initrd/bin/busybox
while read -r word path _; do
  if [ "$word" != insmod ]; then continue; fi
  name=$(basename "$path"); module=/mnt/initrd/\${name%.xz}
  [ -e "$module" ] || "$busybox" grep -q " $name\\$" /mnt/initrd/modules 2>/dev/null || {
    case $name in
      *.xz) "$busybox" unxz -c "/mnt/root$path" >"$module" ;;
      *) cp "/mnt/root$path" "$module" ;;
    esac
    echo "\${name%.xz}" >>/mnt/initrd/modules
  }
done </mnt/modules
(cd /mnt/initrd && find . | "$busybox" cpio -o -H newc 2>/dev/null) >"$new/initrd"
rm -rf /mnt/root/boot /mnt/root/lib/firmware
mkdir -p /mnt/root/boot /mnt/root/opt/ec2nic
mke2fs -q -t ext4 -L root -E lazy_itable_init=0,lazy_journal_init=0 -d /mnt/root "$new/disk" 1536M
mv "$new" "$target"
`;

/**
 * The first program of a guest. It loads the modules and mounts the disk. At the first boot it copies
 * `/lab/files` of the initrd over the root, and runs `/lab/first-boot` in it.
 */
export const initrdInit = `#!/bin/busybox sh
set -e
bb=/bin/busybox
$bb mkdir -p /proc /sys /dev /root
$bb mount -t devtmpfs dev /dev
$bb mount -t proc proc /proc
while read -r module; do $bb insmod "/$module"; done </modules
tries=0
until [ -b /dev/vda ]; do
  tries=$((tries + 1))
  [ "$tries" -lt 200 ] || { echo "no disk came"; exec $bb sh; }
  $bb usleep 20000
done
$bb mount -t ext4 /dev/vda /root
if [ -d /lab ] && ! [ -e /root/.lab-booted ]; then
  $bb cp -a /lab/files/. /root/
  $bb mount --bind /proc /root/proc
  $bb cp /lab/first-boot /root/.lab-booted
  $bb chroot /root /bin/sh -eu /.lab-booted
  $bb umount /root/proc
fi
$bb umount /proc
$bb mount --move /dev /root/dev
exec $bb switch_root /root /sbin/init
`;

/** Sets up the root of every guest, with any backend; for `sh -eu`. */
export const imageSetup = (unwanted: readonly string[], network: readonly string[]): string => `
export SYSTEMD_OFFLINE=1
echo ip-10-0-0-10 >/etc/hostname
printf '127.0.0.1 localhost ip-10-0-0-10\\n::1 localhost\\n' >/etc/hosts
echo 0ec20000000000000000000000000001 >/etc/machine-id
printf '/dev/vda / ext4 rw 0 1\\n' >/etc/fstab
passwd -d root >/dev/null
systemctl --quiet disable ${network.join(" ")}
systemctl --quiet mask ${unwanted.join(" ")}
systemctl --quiet enable lab-program.service
systemctl --quiet set-default multi-user.target
ln -sf /opt/ec2nic/ec2nic /usr/local/bin/ec2nic
touch /etc/.updated /var/.updated
`;
