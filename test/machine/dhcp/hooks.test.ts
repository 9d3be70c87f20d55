import { afterAll, beforeAll, describe, expect, setDefaultTimeout } from "bun:test";
import { machineLimitMs } from "../../kit/machine/machine-test.ts";
import {
  type ClientCommands,
  clientCommands,
  primary,
} from "../../kit/machine/dhcp/client-commands.ts";
import {
  type HookedMachine,
  type CallKind,
  classifyCall,
  startHookedMachine,
} from "../../kit/machine/dhcp/hooked-machine.ts";
import { dhcpMissing, buildRootsBeforeAll } from "../../kit/machine/dhcp/prepare-file.ts";
import { type Suite, suites } from "../../kit/machine/root-file-system.ts";
import { testUnless } from "../../kit/basics/skip.ts";

setDefaultTimeout(machineLimitMs);
const testDhcp = testUnless(dhcpMissing);
buildRootsBeforeAll();

for (const suite of suites) {
  for (const [name, client] of Object.entries(clientCommands)) {
    describe(`${name} of ${suite}`, () => withHook(suite, client));
  }
}

function withHook(suite: Suite, client: ClientCommands): void {
  let dhcp: HookedMachine;
  beforeAll(async () => {
    if (dhcpMissing !== null) return;
    dhcp = await startHookedMachine(suite, client);
    const { machine } = dhcp;
    await dhcp.watch();
    await machine.run(["sh", "-ec", primary]);
    await machine.run(["ip", "link", "set", "ens6", "up"]);
  });
  afterAll(async () => dhcp?.[Symbol.asyncDispose]());

  const countCalls = async (kind: CallKind): Promise<number> =>
    (await dhcp.handledCalls()).filter((call) => classifyCall(call) === kind).length;
  const runUntilHook = async (argv: readonly string[], kind: CallKind): Promise<void> => {
    const before = await countCalls(kind);
    await dhcp.machine.run(argv);
    await dhcp.machine.until(
      `the client calls the hook: ${kind}`,
      async () => (await countCalls(kind)) > before,
    );
  };

  testDhcp(
    "a lease adds the NIC's table and rules, and replies leave through the NIC",
    async () => {
      await runUntilHook(client.lease, "bound");
      await dhcp.machine.until("the rules exist", async () => (await dhcp.routing()).rules !== "");
      // also the primary's subnet, which main reaches through the primary
      expect((await dhcp.routing()).table.replaceAll(/ +$/gm, "").trim().split("\n")).toEqual([
        "default via 10.0.1.1 dev ens6 proto static",
        "10.0.0.0/24 via 10.0.1.1 dev ens6 proto static",
        "10.0.1.0/24 dev ens6 proto static scope link",
        "169.254.168.0/22 via 10.0.1.1 dev ens6 proto static",
      ]);
      expect((await dhcp.routing()).rules.replaceAll("\t", " ")).toBe(expectedRules);
      expect(await dhcp.pings()).toBe(true);
    },
  );

  testDhcp(
    "replies are lost while the rules have no effect, so that the test above can fail",
    async () => {
      await dhcp.machine.run(["ip", "-4", "rule", "add", "pref", "1", "lookup", "main"]);
      expect(await dhcp.pings()).toBe(false);
      await dhcp.machine.run(["ip", "-4", "rule", "del", "pref", "1"]);
      expect(await dhcp.pings()).toBe(true);
    },
  );

  testDhcp("a renewed lease changes nothing and takes no lock", async () => {
    const before = await dhcp.handledCalls();
    const lockTime = (): Promise<string> => dhcp.machine.run(["stat", "-c", "%y", "/run/ec2nic"]);
    const lockTimeBefore = await lockTime();
    const routingBefore = await dhcp.routing();
    await runUntilHook(client.renew, "bound");
    const since = (await dhcp.handledCalls()).slice(before.length);
    expect(since.flatMap(({ plan }) => plan?.steps)).toEqual([]);
    expect(await lockTime()).toBe(lockTimeBefore);
    expect(await dhcp.routing()).toEqual(routingBefore);
    expect(await dhcp.pings()).toBe(true);
  });

  testDhcp("the release of the lease removes the table and the rules", async () => {
    await dhcp.machine.run(client.release);
    await dhcp.machine.until("the rules are gone", async () => {
      const { rules, table } = await dhcp.routing();
      return rules === "" && !table.includes("ens6");
    });
  });

  testDhcp("no call of the hook failed", async () => {
    const handled = await dhcp.handledCalls();
    expect(handled.flatMap(({ error }) => error ?? [])).toEqual([]);
    expect(handled.length).toBeGreaterThan(1);
  });
}

describe("dhclient, whose default route has a better metric than the primary's", () => {
  let dhcp: HookedMachine;
  beforeAll(async () => {
    if (dhcpMissing === null) dhcp = await startHookedMachine("trixie", clientCommands.dhclient);
  });
  afterAll(async () => dhcp?.[Symbol.asyncDispose]());

  testDhcp("replies from the primary still leave through the primary", async () => {
    await dhcp.machine.run(["sh", "-ec", primary.replace(/\n$/, " metric 50\n")]);
    expect(await dhcp.pings("10.0.0.10")).toBe(true);
    await dhcp.machine.run(clientCommands.dhclient.lease);
    expect(await dhcp.machine.run(["ip", "-4", "route", "get", "198.51.100.7"])).toContain("ens6");
    expect(await dhcp.machine.run(["ip", "-4", "rule"])).toContain("from 10.0.0.10 lookup 13200");
    expect(await dhcp.pings("10.0.0.10")).toBe(true);
    expect(await dhcp.pings("10.0.1.10")).toBe(true);
    await dhcp.machine.run(["ip", "-4", "rule", "add", "pref", "1", "lookup", "main"]);
    expect(await dhcp.pings("10.0.0.10")).toBe(false);
  });
});

const expectedRules = [
  "2624: from 10.0.1.10 lookup 13200 suppress_prefixlength 0 proto static",
  "3724: from 10.0.1.10 lookup main suppress_prefixlength 1 proto static",
  "4824: from 10.0.1.10 lookup 13200 proto static",
  "",
].join("\n");
