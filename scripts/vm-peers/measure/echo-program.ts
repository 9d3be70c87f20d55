import type { OwnBackend } from "../../../test/kit/vm/image/backends.ts";
import { outside } from "../../../test/kit/machine/vpc/vpc-hosts.ts";

/** The addresses that echoes are sent from, a line each; and where it is noted what became of them. */
export const echoFiles = { from: "/etc/lab-echoes", log: "/run/lab-echoes" } as const;

/** So often an echo is sent from each address. */
export const echoPeriodS = 0.25;

/**
 * Sends echoes from each of the addresses to a host outside of the VPC, from the boot on; as `ping`
 * with the address as its source, but one process, since starting one takes an emulated processor
 * long. Notes in seconds since the kernel's start: `sent TIME ADDRESS NUMBER`, also where the address
 * is not there, and `back TIME ADDRESS NUMBER`.
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
    with socket.socket(family, socket.SOCK_RAW, protocols[family]) as way:
        way.setblocking(False)
        try:
            way.bind((address, 0))
            way.sendto(head + payload, (outside[family], 0))
        except OSError:
            pass


def receive(way):
    data = way.recv(2048)
    if way.family == socket.AF_INET:
        data = data[(data[0] & 15) * 4:]
    if data[0] == answers[way.family] and struct.unpack("!H", data[4:6])[0] == ident:
        log.write("back %.3f %s\\n" % (time.monotonic(), data[8:].decode().strip()))


def addresses():
    try:
        with open("${echoFiles.from}") as file:
            return file.read().split()
    except FileNotFoundError:
        return []


ways = [socket.socket(family, socket.SOCK_RAW, protocols[family]) for family in outside]
number, due = 0, time.monotonic()
while True:
    for way in select.select(ways, [], [], max(0, due - time.monotonic()))[0]:
        receive(way)
    if time.monotonic() >= due:
        number, due = number + 1, time.monotonic() + ${echoPeriodS}
        for address in addresses():
            send(address, number)
`;

/** As early as there is a process, for nobody and after nobody. */
const unit = `[Unit]
Description=echoes of the laboratory
DefaultDependencies=no

[Service]
ExecStart=/usr/local/lib/lab-echoes
Restart=on-failure

[Install]
WantedBy=sysinit.target
`;

/** The same guest, which sends echoes. */
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
