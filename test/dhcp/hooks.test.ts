import { afterAll, beforeAll, describe, expect, setDefaultTimeout } from "bun:test";
import { configure } from "../../src/plan/config/configure.ts";
import { renderNetworkd } from "../../src/render/networkd.ts";
import {
  type ClientCommands,
  clientCommands,
  primary,
} from "../support/dhcp-lab/client-commands.ts";
import {
  type HookedLab,
  type Kind,
  kindOf,
  startHookedLab,
} from "../support/dhcp-lab/hooked-lab.ts";
import { labMissing, rootsOfFile } from "../support/dhcp-lab/lab-of-file.ts";
import { type Suite, suites } from "../support/machine/root-file-system.ts";
import { eniAt } from "../support/nics.ts";
import { testUnless } from "../support/skip.ts";

setDefaultTimeout(60_000);
const testLab = testUnless(labMissing);
rootsOfFile();

for (const suite of suites) {
  for (const [name, client] of Object.entries(clientCommands)) {
    describe(`${name} of ${suite}`, () => withHook(suite, client));
  }
}

function withHook(suite: Suite, client: ClientCommands): void {
  let lab: HookedLab;
  beforeAll(async () => {
    if (labMissing !== null) return;
    lab = await startHookedLab(suite, client);
    const { machine } = lab;
    await lab.watch();
    await machine.run(["sh", "-ec", primary]);
    await machine.run(["ip", "link", "set", "ens6", "up"]);
  });
  afterAll(async () => lab?.[Symbol.asyncDispose]());

  const seen = async (kind: Kind): Promise<number> =>
    (await lab.handled()).filter((call) => kindOf(call) === kind).length;
  const order = async (argv: readonly string[], kind: Kind): Promise<void> => {
    const before = await seen(kind);
    await lab.machine.run(argv, { timeoutMs: 30_000 });
    await lab.machine.until(`the hook is called: ${kind}`, async () => (await seen(kind)) > before);
  };

  testLab("a lease makes the NIC's table and rules, and packets leave through it", async () => {
    await order(client.lease, "bound");
    await lab.machine.until("the rules are there", async () => (await lab.routing()).rules !== "");
    expect((await lab.routing()).table.replaceAll(/ +$/gm, "")).toBe(
      "default via 10.0.1.1 dev ens6 proto static\n10.0.1.0/24 dev ens6 proto static scope link\n",
    );
    expect((await lab.routing()).rules.replaceAll("\t", " ")).toBe(expectedRules);
    expect(await lab.pings()).toBe(true);
  });

  testLab(
    "without them they do not: the source check drops what leaves by the primary",
    async () => {
      await lab.machine.run(["ip", "-4", "rule", "add", "pref", "1", "lookup", "main"]);
      expect(await lab.pings()).toBe(false);
      await lab.machine.run(["ip", "-4", "rule", "del", "pref", "1"]);
      expect(await lab.pings()).toBe(true);
    },
  );

  testLab("the lease once more changes nothing, and takes no lock", async () => {
    const before = await lab.handled();
    const locked = (): Promise<string> => lab.machine.run(["stat", "-c", "%y", "/run/ec2nic"]);
    const lockedBefore = await locked();
    const standing = await lab.routing();
    await order(client.renew, "bound");
    const since = (await lab.handled()).slice(before.length);
    expect(since.flatMap(({ plan }) => plan?.steps)).toEqual([]);
    expect(await locked()).toBe(lockedBefore);
    expect(await lab.routing()).toEqual(standing);
    expect(await lab.pings()).toBe(true);
  });

  testLab("a lease that is given back leaves nothing", async () => {
    await lab.machine.run(client.release, { timeoutMs: 30_000 });
    await lab.machine.until("the rules are gone", async () => {
      const { rules, table } = await lab.routing();
      return rules === "" && !table.includes("ens6");
    });
  });

  testLab("no call failed", async () => {
    const handled = await lab.handled();
    expect(handled.flatMap(({ error }) => error ?? [])).toEqual([]);
    expect(handled.length).toBeGreaterThan(1);
  });
}

describe("dhclient, where a file of ours knows the NIC", () => {
  let lab: HookedLab;
  const dhclient = clientCommands.dhclient;
  beforeAll(async () => {
    if (labMissing === null) lab = await startHookedLab("bookworm", dhclient);
  });
  afterAll(async () => lab?.[Symbol.asyncDispose]());

  testLab(
    "its own table takes the provisional one's place, and stays when the lease goes",
    async () => {
      const { machine, instance } = lab;
      const tables = async (): Promise<readonly string[]> => {
        const shown = await machine.run(["sh", "-c", "ip -4 rule | grep -F ' 10.0.1.10' || :"]);
        return [...shown.matchAll(/^(\d+):.* lookup (\d+)/gm)].map(
          ([, at, table]) => `${at} ${table}`,
        );
      };
      await machine.run(["sh", "-ec", primary]);
      await machine.run(dhclient.lease);
      expect(await tables()).toEqual(["5900 13900", "5900 13900", "13900 13900"]);
      const { mac } = instance.vpc.enis()[1] ?? { mac: "" };
      const eni = eniAt(1, { mac, id: "eni-0b" });
      const [file] = renderNetworkd(configure([{ eni, link: null }], false));
      await machine.write(file?.path ?? "", file?.content ?? "");
      await machine.run(dhclient.renew);
      expect(await tables()).toEqual(["2001 10001", "2001 10001", "10001 10001"]);
      expect((await lab.routing()).table).not.toContain("ens6");
      expect(await lab.pings()).toBe(true);
      await machine.run(dhclient.release);
      expect(await tables()).toEqual(["2001 10001", "2001 10001", "10001 10001"]);
    },
  );
});

describe("dhclient, whose default has a better metric than the primary's", () => {
  let lab: HookedLab;
  beforeAll(async () => {
    if (labMissing === null) lab = await startHookedLab("trixie", clientCommands.dhclient);
  });
  afterAll(async () => lab?.[Symbol.asyncDispose]());

  testLab("the primary is not cut off by it", async () => {
    await lab.machine.run(["sh", "-ec", primary.replace(/\n$/, " metric 50\n")]);
    expect(await lab.pings("10.0.0.10")).toBe(true);
    await lab.machine.run(clientCommands.dhclient.lease);
    expect(await lab.machine.run(["ip", "-4", "route", "get", "198.51.100.7"])).toContain("ens6");
    expect(await lab.machine.run(["ip", "-4", "rule"])).toContain("from 10.0.0.10 lookup 13900");
    expect(await lab.pings("10.0.0.10")).toBe(true);
    expect(await lab.pings("10.0.1.10")).toBe(true);
    await lab.machine.run(["ip", "-4", "rule", "add", "pref", "1", "lookup", "main"]);
    expect(await lab.pings("10.0.0.10")).toBe(false);
  });
});

const expectedRules = [
  "5900: from 10.0.1.10 to 10.0.1.0/24 lookup 13900 proto static",
  "5900: from 10.0.1.10 to 169.254.168.0/22 lookup 13900 proto static",
  "9900: from 10.0.1.10 lookup main suppress_prefixlength 0 proto static",
  "13900: from 10.0.1.10 lookup 13900 proto static",
  "",
].join("\n");
