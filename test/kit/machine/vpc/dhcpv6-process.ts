/**
 * A DHCPv6 server (RFC 8415) for one ENI, which gives all its addresses in one IA_NA, as instances on
 * EC2 show them; dnsmasq gives only one. The addresses are in a file, because they can change.
 * `PROGRAM BRIDGE PORT FILE`
 */
import { readFileSync } from "node:fs";

const lifetimes = { renew: 70, rebind: 112, preferred: 140, valid: 450 } as const;
const kind = { solicit: 1, advertise: 2, request: 3, confirm: 4, renew: 5, rebind: 6, reply: 7 };
const code = { clientId: 1, serverId: 2, addresses: 3, address: 5 } as const;
const answered: readonly number[] = [kind.solicit, kind.request, kind.renew, kind.rebind];

const [bridge = "", port = "", file = ""] = process.argv.slice(2);
const serverId = Buffer.from("0003000106ec2aff0001", "hex");

const socket = await Bun.udpSocket({
  hostname: "::",
  port: Number(port),
  socket: {
    data: (server, request, peerPort, peer) => {
      const reply = answer(request);
      if (reply !== null) server.send(reply, peerPort, peer);
    },
  },
});
socket.addMembership("ff02::1:2", `::%${bridge}`);
process.stdout.write("ready\n");

function answer(request: Buffer): Buffer | null {
  const options = parseOptions(request.subarray(4));
  const [clientId, association] = [options.get(code.clientId), options.get(code.addresses)];
  const type = request[0] ?? 0;
  if (!answered.includes(type) || clientId === undefined || association === undefined) return null;
  const addresses = readFileSync(file, "utf8").split("\n").filter(Boolean);
  if (addresses.length === 0) return null;
  const times = numbers(lifetimes.renew, lifetimes.rebind);
  const given = addresses.map((address) => {
    const lasting = numbers(lifetimes.preferred, lifetimes.valid);
    return option(code.address, Buffer.concat([addressBytes(address), lasting]));
  });
  return Buffer.concat([
    Buffer.from([type === kind.solicit ? kind.advertise : kind.reply]),
    request.subarray(1, 4),
    option(code.clientId, clientId),
    option(code.serverId, serverId),
    option(code.addresses, Buffer.concat([association.subarray(0, 4), times, ...given])),
  ]);
}

function parseOptions(bytes: Buffer): ReadonlyMap<number, Buffer> {
  const found = new Map<number, Buffer>();
  for (let at = 0; at + 4 <= bytes.length; at += 4 + bytes.readUInt16BE(at + 2)) {
    found.set(bytes.readUInt16BE(at), bytes.subarray(at + 4, at + 4 + bytes.readUInt16BE(at + 2)));
  }
  return found;
}

function option(number: number, content: Buffer): Buffer {
  const header = Buffer.alloc(4);
  header.writeUInt16BE(number, 0);
  header.writeUInt16BE(content.length, 2);
  return Buffer.concat([header, content]);
}

function numbers(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(4 * values.length);
  for (const [at, value] of values.entries()) bytes.writeUInt32BE(value, 4 * at);
  return bytes;
}

function addressBytes(address: string): Buffer {
  const [head = "", tail = ""] = address.split("::");
  const [before, after] = [head, tail].map((text) => text.split(":").filter(Boolean));
  const missing = 8 - (before?.length ?? 0) - (after?.length ?? 0);
  const groups = [
    ...(before ?? []),
    ...Array.from({ length: missing }, () => "0"),
    ...(after ?? []),
  ];
  return Buffer.from(groups.map((group) => group.padStart(4, "0")).join(""), "hex");
}
