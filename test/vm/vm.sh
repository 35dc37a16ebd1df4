#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# vm.sh: runs a command under Debian's stock kernel, in a virtual machine on this machine's files.
#
#	vm.sh [-s] [-k KERNEL-ARGUMENTS] [-m MIB] [-t SECONDS] COMMAND [ARGUMENT...]
#
#	-s  boot systemd and run the command as a service of it; otherwise a shell is process 1
#	-k  more for the kernel's command line, such as "ipv6.disable=1"
#	-m  memory of the machine, default 1024
#	-t  limit for all of it, default 180; status 124 when it is over
#
# The command sees the root file system of this machine, its working directory and everything that
# is installed or built here; what it writes goes to memory and is gone at the end.  Modules of the
# kernel (dummy, 8021q, vrf, ...) come by modprobe.  Its output is the output of vm.sh, its exit
# status too; what the kernel said is printed only when the machine did not get so far.
#
# The kernel is fetched by apt-get once and kept in VM_CACHE, default /var/cache/smcroute-vm.
# The processor is emulated; VM_ACCEL=kvm is faster where it works.
# Packages needed: qemu-system-x86 busybox-static cpio kmod.
set -eu -o pipefail

cache=${VM_CACHE:-/var/cache/smcroute-vm}
mode=plain arguments='' memory=1024 limit=180

usage() {
	sed -n 's/^#\t//p' "$0" | sed -n '1,6p' >&2
	exit 64
}

while getopts sk:m:t: option; do
	case $option in
	s) mode=systemd ;;
	k) arguments=$OPTARG ;;
	m) memory=$OPTARG ;;
	t) limit=$OPTARG ;;
	*) usage ;;
	esac
done
shift $((OPTIND - 1))
[ $# -gt 0 ] || usage

for tool in qemu-system-x86_64 busybox cpio modprobe; do
	command -v $tool >/dev/null || { echo "vm.sh: $tool is not installed" >&2; exit 77; }
done

fetch_kernel() {
	local package
	package=$(apt-cache depends linux-image-amd64 |
		awk '/Depends: linux-image/ && !found++ {print $2}')
	[ -n "$package" ] || { echo "vm.sh: apt-get knows no linux-image-amd64" >&2; exit 77; }
	(
		cd "$1" && apt-get -q download "$package" && dpkg-deb -x "$package"_*.deb kernel &&
			rm "$package"_*.deb
	) >&2 || { echo "vm.sh: $package can't be fetched" >&2; exit 77; }
	depmod -b "$1/kernel" "$(ls "$1/kernel/lib/modules")"
}

# What the kernel starts with: busybox, the drivers for the shared file systems, and a script that
# lays memory over them and goes on from there.
make_initrd() {
	local dir=$1/initrd version module
	version=$(ls "$1/kernel/lib/modules")
	mkdir -p "$dir/bin" "$dir/modules"
	cp "$(command -v busybox)" "$dir/bin/busybox"
	for module in virtio_pci 9pnet_virtio 9p overlay; do
		modprobe -d "$1/kernel" -S "$version" --show-depends "$module"
	done | awk '$1 == "insmod" && !seen[$2]++ {print $2}' | while read -r module; do
		cp "$module" "$dir/modules" && echo "/modules/${module##*/}" >>"$dir/modules/order"
	done
	cat >"$dir/init" <<'END'
#!/bin/busybox sh
/bin/busybox --install -s /bin
export PATH=/bin
mkdir -p /proc /files /memory /new
mount -t proc proc /proc
while read -r module; do
	insmod "$module"
done </modules/order
share() { mount -t 9p -o "trans=virtio,version=9p2000.L,msize=500000,$3" "$1" "$2"; }
share files /files ro,cache=loose
mount -t tmpfs memory /memory
mkdir /memory/upper /memory/work
mount -t overlay -o lowerdir=/files,upperdir=/memory/upper,workdir=/memory/work root /new
mkdir -p /new/usr/lib/modules /new/vm-job
share modules /new/usr/lib/modules ro,cache=loose
share job /new/vm-job rw
mount -t devtmpfs dev /new/dev
mount -t tmpfs run /new/run
umount /proc
. /new/vm-job/boot
END
	chmod +x "$dir/init"
	(cd "$dir" && find . | cpio --quiet -o -H newc | gzip -1) >"$1/initrd.gz"
	rm -r "$dir"
}

if [ ! -d "$cache" ]; then
	new=$(mktemp -d "$cache.XXXXXX")
	trap 'rm -rf "$new"' EXIT
	fetch_kernel "$new"
	make_initrd "$new"
	mv "$new" "$cache"
fi
version=$(ls "$cache/kernel/lib/modules")

job=$(mktemp -d)
trap 'rm -rf "$job"' EXIT

# The last step of the start, in the initrd, for each mode.
boot_plain() {
	echo 'exec switch_root /new /bin/bash /vm-job/first'
	cat >"$job/first" <<'END'
mount -t proc proc /proc
mount -t sysfs sys /sys
mkdir -p /dev/pts /dev/shm /run/netns
mount -t devpts pts /dev/pts
setsid -w bash /vm-job/run </dev/null >/dev/ttyS1 2>&1
sync
echo o >/proc/sysrq-trigger
sleep 60
END
}

boot_systemd() {
	cat <<'END'
rm -f /new/.dockerenv # or systemd believes that it is in a container
mkdir -p /new/run/systemd/system /new/run/tmpfiles.d
: >/new/run/tmpfiles.d/tmp.conf # or systemd empties /tmp
cat >/new/run/systemd/system/vm-job.service <<UNIT
[Unit]
Requires=basic.target
Wants=dbus.socket
After=basic.target dbus.socket
SuccessAction=poweroff-force
FailureAction=poweroff-force
[Service]
Type=oneshot
TimeoutStartSec=infinity
ExecStart=/bin/bash /vm-job/run
StandardOutput=tty
StandardError=inherit
TTYPath=/dev/ttyS1
UNIT
exec switch_root /new /lib/systemd/systemd
END
	arguments+=" systemd.unit=vm-job.service systemd.show_status=0 fstab=no"
}

"boot_$mode" >"$job/boot"
{
	echo 'stty -F /dev/ttyS1 -opost -echo'
	echo 'export HOME=/root PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'
	echo 'ip link set lo up'
	printf 'cd %q && %s\n' "$PWD" "${*@Q}"
	echo 'echo $? >/vm-job/status'
} >"$job/run"

share() {
	echo "local,path=$2,mount_tag=$1,security_model=none,multidevs=remap$3"
}

timeout "$limit" qemu-system-x86_64 \
	-accel "${VM_ACCEL:-tcg,thread=multi}" -cpu max -smp 2 -m "$memory" \
	-display none -monitor none -nic none -no-reboot \
	-kernel "$cache/kernel/boot/vmlinuz-$version" -initrd "$cache/initrd.gz" \
	-append "console=ttyS0 panic=-1 $arguments" \
	-virtfs "$(share files / ,readonly=on)" \
	-virtfs "$(share modules "$cache/kernel/lib/modules" ,readonly=on)" \
	-virtfs "$(share job "$job" '')" \
	-serial "file:$job/console" -serial stdio </dev/null 2>"$job/qemu" || true

[ -e "$job/status" ] && exit "$(cat "$job/status")"
echo "vm.sh: the command did not end within $limit s" >&2
tail -n 30 "$job/console" "$job/qemu" >&2
exit 124
