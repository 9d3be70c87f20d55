/** The ports of the guest's serial bus that connect it with the lab. */
export const ports = { agent: "ec2nic.lab.agent", events: "ec2nic.lab.events" } as const;

/**
 * Runs commands that come as lines of JSON: `{id, argv, stdin, timeoutMs}` → `{id, code, stdout,
 * stderr}`, the streams in base64; several at once. A read of a port returns an end while the other
 * side is closed: after a restored snapshot, until the lab connects again. An answer begins with a
 * newline, since a reset may have cut off the last one.
 */
export const agent = `#!/usr/bin/python3
import base64, json, os, signal, subprocess, threading, time

port = os.open("/dev/virtio-ports/${ports.agent}", os.O_RDWR)
lock = threading.Lock()


def say(answer):
    left = b"\\n" + json.dumps(answer).encode() + b"\\n"
    with lock:
        while left:
            left = left[os.write(port, left):]


def carry_out(order):
    try:
        child = subprocess.Popen(
            order["argv"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            cwd="/", start_new_session=True,
        )
    except OSError as error:
        return 127, b"", str(error).encode()
    try:
        stdout, stderr = child.communicate(
            base64.b64decode(order["stdin"]), order["timeoutMs"] / 1000)
    except subprocess.TimeoutExpired:
        os.killpg(child.pid, signal.SIGKILL)
        stdout, stderr = child.communicate()
    code = child.returncode
    return (128 - code if code < 0 else code), stdout, stderr


def answer(order):
    code, stdout, stderr = carry_out(order)
    text = [base64.b64encode(each).decode() for each in (stdout, stderr)]
    say({"id": order["id"], "code": code, "stdout": text[0], "stderr": text[1]})


buffer = b""
while True:
    chunk = os.read(port, 65536)
    if not chunk:
        time.sleep(0.02)
        continue
    *lines, buffer = (buffer + chunk).split(b"\\n")
    for line in lines:
        if line.strip():
            threading.Thread(target=answer, args=(json.loads(line),), daemon=True).start()
`;

/** The agent starts with its port, early in the boot, so that a boot that hangs can be examined. */
const unit = (what: string, argv: string, port: string): string => `[Unit]
Description=${what}
DefaultDependencies=no

[Service]
ExecStart=${argv}
Restart=always
RestartSec=0
TasksMax=infinity
Environment=HOME=/root LANG=C.UTF-8
StandardOutput=${port === ports.events ? `file:/dev/virtio-ports/${port}` : "journal"}
`;

/** The name of the port starts the unit, and no target does. */
const rules = `# of the laboratory
SUBSYSTEM=="virtio-ports", ATTR{name}=="${ports.agent}", TAG+="systemd", ENV{SYSTEMD_WANTS}+="lab-agent.service"
SUBSYSTEM=="virtio-ports", ATTR{name}=="${ports.events}", TAG+="systemd", ENV{SYSTEMD_WANTS}+="lab-events.service"
SUBSYSTEM=="mem", KERNEL=="null", ENV{SYNTH_UUID}=="*-*", TAG+="systemd", ENV{SYSTEMD_WANTS}+="lab-mark@$env{SYNTH_UUID}.service"
`;

/** Shows that PID 1 has handled an event that was sent after all others: `eventsOf`. */
const mark = `[Unit]
Description=mark %i in the stream of events
DefaultDependencies=no

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/true
`;

/**
 * Mounts the disk with dist/ec2nic where it exists: at the boot, or after it was plugged in. It is no
 * mount unit, which would wait for the disk before it checks its condition.
 */
const program = `[Unit]
Description=the program under test
DefaultDependencies=no
ConditionPathExists=/dev/vdb
Before=local-fs.target

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/mount -o ro /dev/vdb /opt/ec2nic

[Install]
WantedBy=local-fs.target
`;

/** What a guest has beside Debian: path → content and mode. */
export const guestPrograms: Readonly<Record<string, { readonly content: string; mode: number }>> = {
  "/usr/local/lib/lab-agent": { content: agent, mode: 0o755 },
  "/etc/systemd/system/lab-agent.service": {
    content: unit("orders of the laboratory", "/usr/local/lib/lab-agent", ports.agent),
    mode: 0o644,
  },
  "/etc/systemd/system/lab-events.service": {
    content: unit(
      "udev's events, for the laboratory",
      "/usr/bin/udevadm monitor --kernel --udev --property",
      ports.events,
    ),
    mode: 0o644,
  },
  "/etc/systemd/system/lab-mark@.service": { content: mark, mode: 0o644 },
  "/etc/systemd/system/lab-program.service": { content: program, mode: 0o644 },
  "/etc/udev/rules.d/10-lab.rules": { content: rules, mode: 0o644 },
};
