import { expect, test } from "bun:test";
import type { BoundTransport, Host } from "../../../../src/host/host.ts";
import { openPaths } from "../../../../src/imds/connect/paths.ts";
import { describePath, type ImdsPath } from "../../../../src/imds/protocol/path.ts";
import type { ImdsSettings } from "../../../../src/imds/protocol/settings.ts";
import { linkAddress, linkState } from "../../../kit/facts/link-states.ts";
import { fakeMachine } from "../../../kit/host/fake-machine.ts";
import { sysfs } from "../../../kit/host/sysfs.ts";

const endpoint = "http://169.254.169.254";
const usual: ImdsSettings = {
  endpoints: [endpoint],
  timeoutMs: 60_000,
  tryMs: 2000,
  connectMs: 1000,
  retries: Infinity,
  nic: null,
  paths: "any",
  dhcp: false,
};

const routed: ImdsPath = { endpoint, via: { kind: "routing" } };
const through = (nic: string): ImdsPath => {
  const link = linkState(nic, [nic === "ens5" ? "10.0.0.5" : "10.0.0.6"]);
  return { endpoint, via: { kind: "nic", link, needsLease: false } };
};

/** The paths of a machine with the NICs ens5 and ens6; `refusal` is why sockets cannot be bound. */
function openOn(settings: Partial<ImdsSettings> = {}, refusal: string | null = null) {
  const closed: string[] = [];
  const bound: unknown[] = [];
  const device = { link: "0000:00:05.0" };
  const nic = { type: "1", flags: "0x1003", carrier: "1", device };
  const bind: Host["bind"] = async (options) => {
    bound.push(options);
    if (refusal !== null) return refusal;
    const close = () => void closed.push(options.nic);
    return { fetch: Promise.reject, canConnect: null, close } as Partial<BoundTransport> as never;
  };
  const machine = fakeMachine();
  const host: Host = {
    ...machine,
    files: sysfs({ ens5: nic, ens6: nic }),
    addresses: () => [linkAddress("ens5", "10.0.0.5"), linkAddress("ens6", "10.0.0.6")],
    bind,
  };
  const paths = openPaths(host, { ...usual, ...settings }, 60_000);
  const names = async () => (await paths.list()).rounds.flat().map(describePath);
  return { paths, names, closed, bound, host, logged: machine.logged };
}

test("list has the kernel's routing and each NIC, or only what the settings allow", async () => {
  expect(await openOn().names()).toEqual([
    endpoint,
    `${endpoint} through ens5`,
    `${endpoint} through ens6`,
  ]);
  expect(await openOn({ nic: "ens6" }).names()).toEqual([`${endpoint} through ens6`]);
  expect(await openOn({ paths: "routing-only" }).names()).toEqual([endpoint]);
  expect(await openOn({ endpoints: ["http://imds"] }).names()).toEqual(["http://imds"]);
});

test("open binds to the NIC, and to its addresses", async () => {
  const { paths, bound, host } = openOn();
  expect(await paths.open(routed)).toBe(host.http);
  expect(bound).toEqual([]);
  await paths.open(through("ens6"));
  const sources = [linkAddress("ens6", "10.0.0.6")];
  expect(bound).toEqual([{ nic: "ens6", sources, connectMs: 1000 }]);
  const gone = await paths.open({ endpoint, via: { kind: "imdsd" } });
  expect(gone).toBe("systemd-imdsd is gone");
});

test("keepOnly closes the transports of the losers, and close those of the winners too", async () => {
  const { paths, closed } = openOn();
  for (const nic of ["ens5", "ens6"]) await paths.open(through(nic));
  paths.keepOnly(through("ens6"));
  expect(closed).toEqual(["ens5"]);
  await paths.open(through("ens5"));
  paths.keepOnly(through("ens5")); // a request of the first winner can still be in flight
  expect(closed).toEqual(["ens5"]);
  await paths.open(through("ens6"));
  paths.keepOnly(null);
  expect(closed).toEqual(["ens5", "ens6"]);
  await paths.close();
  expect(closed).toEqual(["ens5", "ens6", "ens6", "ens5"]);
});

test("a transport that was opened again replaces the first, which is closed", async () => {
  const { paths, closed } = openOn();
  for (const nic of ["ens5", "ens5"]) await paths.open(through(nic));
  expect(closed).toEqual(["ens5"]);
  await paths.close();
  expect(closed).toEqual(["ens5", "ens5"]);
});

const reason = "sockets can't be bound to a NIC in this process (no JIT)";

test("where sockets cannot be bound, only the kernel's routing is left, with one warning", async () => {
  const { paths, names, logged } = openOn({}, "no JIT");
  expect(await paths.open(through("ens5"))).toBe(reason);
  expect(await paths.open(through("ens6"))).toBe(reason);
  expect(logged.filter((line) => line.startsWith("warn "))).toEqual([
    `warn ${reason}, so ec2nic contacts IMDS only through the default route`,
  ]);
  expect(await names()).toEqual([endpoint]);
});

test("where sockets cannot be bound, --interface is an error", async () => {
  const { paths, logged } = openOn({ nic: "ens6" }, "no JIT");
  expect(await paths.open(through("ens6"))).toBe(reason);
  await expect(paths.list()).rejects.toMatchObject({
    kind: "UNAVAILABLE",
    message: `ens6: ${reason}`,
    hint: "run ec2nic as root, and not in a unit with MemoryDenyWriteExecute=yes",
  });
  expect(logged.filter((line) => line.startsWith("warn "))).toEqual([]);
});
