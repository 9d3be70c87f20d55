import type { OwnBackend } from "../../../test/kit/vm/image/backends.ts";
import { outside } from "../../../test/kit/machine/vpc/vpc-hosts.ts";

/** The list of addresses from which echoes are sent, one per line, and the log of the echoes. */
export const echoFiles = { from: "/etc/lab-echoes", log: "/run/lab-echoes" } as const;

/** The time between two echoes from the same address. */
export const echoPeriodS = 0.25;

/**
 * Sends echoes from each of the addresses to a host outside of the VPC, from the boot on. It does what
 * `ping -I ADDRESS` does, but in one process: an emulated processor takes long to start a process.
 * Times in the log are seconds since the start of the kernel: `sent TIME ADDRESS NUMBER`, also where
 * the guest does not have the address, and `back TIME ADDRESS NUMBER` for an answer.
 */
const program = `#!/usr/bin/python3
import os, select, socket, struct, time

outside = {socket.AF_INET: "${outside.ipv4}", socket.AF_INET6: "${outside.ipv6}"}
protocols = {socket.AF_INET: socket.IPPROTO_ICMP, socket.AF_INET6: socket.IPPROTO_ICMPV6}
requests = {socket.AF_INET: 8, socket.AF_INET6: 128}
answers = {socket.AF_INET: 0, socket.AF_INET6: 129}
ident = os.getpid() & 0xFFFF
log = open("${echoFiles.log}", "w", buffering=1)


def checksum(data):
    total = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    total = (total >> 16) + (total & 0xFFFF)
    return ~(total + (total >> 16)) & 0xFFFF


def send(address, number):
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    log.write("sent %.3f %s %d\\n" % (time.monotonic(), address, number))
    payload = ("%s %d" % (address, number)).ljust(64).encode()
    head = struct.pack("!BBHHH", requests[family], 0, 0, ident, number & 0xFFFF)
    check = checksum(head + payload)
    head = struct.pack("!BBHHH", requests[family], 0, check, ident, number & 0xFFFF)
    with socket.socket(family, socket.SOCK_RAW, protocols[family]) as sender:
        sender.setblocking(False)
        try:
            sender.bind((address, 0))
            sender.sendto(head + payload, (outside[family], 0))
        except OSError:
            pass


def receive(receiver):
    data = receiver.recv(2048)
    if receiver.family == socket.AF_INET:
        data = data[(data[0] & 15) * 4:]
    if data[0] == answers[receiver.family] and struct.unpack("!H", data[4:6])[0] == ident:
        log.write("back %.3f %s\\n" % (time.monotonic(), data[8:].decode().strip()))


def addresses():
    try:
        with open("${echoFiles.from}") as file:
            return file.read().split()
    except FileNotFoundError:
        return []


receivers = [socket.socket(family, socket.SOCK_RAW, protocols[family]) for family in outside]
number, due = 0, time.monotonic()
while True:
    for receiver in select.select(receivers, [], [], max(0, due - time.monotonic()))[0]:
        receive(receiver)
    if time.monotonic() >= due:
        number, due = number + 1, time.monotonic() + ${echoPeriodS}
        for address in addresses():
            send(address, number)
`;

/** Starts as early as possible in the boot: it waits for no unit, and no unit waits for it. */
const unit = `[Unit]
Description=echoes of the laboratory
DefaultDependencies=no

[Service]
ExecStart=/usr/local/lib/lab-echoes
Restart=on-failure

[Install]
WantedBy=sysinit.target
`;

/** Adds the echo program to the image of a guest. */
export function withEchoes({ packages, files, script }: OwnBackend): OwnBackend {
  return {
    packages,
    files: {
      ...files,
      "/usr/local/lib/lab-echoes": { content: program, mode: 0o755 },
      "/etc/systemd/system/lab-echoes.service": { content: unit, mode: 0o644 },
    },
    script: `${script}\nexport SYSTEMD_OFFLINE=1\nsystemctl --quiet enable lab-echoes.service\n`,
  };
}
