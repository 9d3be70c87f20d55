import { describe, expect, setDefaultTimeout } from "bun:test";
import { machineLimitMs } from "../../kit/machine/machine-test.ts";
import { clientCommands, primary } from "../../kit/machine/dhcp/client-commands.ts";
import { startHookedMachine } from "../../kit/machine/dhcp/hooked-machine.ts";
import { dhcpMissing, buildRootsBeforeAll } from "../../kit/machine/dhcp/prepare-file.ts";
import type { Machine } from "../../kit/machine/machine.ts";
import { suites } from "../../kit/machine/root-file-system.ts";
import { testUnless } from "../../kit/basics/skip.ts";

setDefaultTimeout(machineLimitMs);
buildRootsBeforeAll();
const testDhcp = testUnless(dhcpMissing);

/** NetworkManager must also manage the primary, once that has a profile of ec2nic. */
const { "/etc/NetworkManager/conf.d/ens5.conf": _, ...files } = clientCommands.NetworkManager.files;
const noAuto = { ...files, "/etc/NetworkManager/conf.d/auto.conf": "[main]\nno-auto-default=*\n" };
const daemons = {
  NetworkManager: { ...clientCommands.NetworkManager, files: noAuto },
  networkd: clientCommands.networkd,
};

/** `2624 13200`: priority and table of the rules for an address. */
async function rulesOf(machine: Machine, address: string): Promise<readonly string[]> {
  const shown = await machine.run(["ip", "-4", "rule"]);
  const lines = shown.split("\n").filter((line) => line.includes(`from ${address} `));
  return lines.map((line) => line.replace(/^(\d+):.* lookup (\S+).*$/, "$1 $2"));
}

const monitor = "ip -4 monitor rule >/run/changes 2>&1 </dev/null &";
const last = "3801:\tfrom 10.0.1.10 lookup 10001 proto static ";
const provisional = ["2624 13200", "3724 main", "4824 13200"];
const real = {
  NetworkManager: ["1601 10001", "2701 main", "3801 10001"],
  networkd: ["2701 main", "3801 10001"],
};
const ofPrimary = { NetworkManager: ["3800 10000"], networkd: ["2700 main", "3800 10000"] };

describe.each(suites)("%s", (suite) => {
  for (const name of ["NetworkManager", "networkd"] as const) {
    const client = daemons[name];
    testDhcp(
      `${name}: activate replaces the rules of a lease by its own, and the next run changes nothing`,
      async () => {
        await using dhcp = await startHookedMachine(suite, client);
        const { machine } = dhcp;
        await machine.run(["sh", "-ec", primary]);
        await machine.run(["ip", "link", "set", "ens6", "up"]);
        await machine.run(client.lease);
        const isRouted = async () => (await rulesOf(machine, "10.0.1.10")).length === 3;
        await machine.until("the rules of the lease exist", isRouted);
        expect(await rulesOf(machine, "10.0.1.10")).toEqual(provisional);
        await machine.run(["sh", "-c", monitor]);
        await machine.run(["ec2nic", "activate"]);
        await machine.until("the rules of activate exist", async () =>
          (await rulesOf(machine, "10.0.1.10")).includes("3801 10001"),
        );
        expect(await rulesOf(machine, "10.0.1.10")).toEqual(real[name]);
        // networkd removes rules that it has not added, and adds its own at the same moment
        const changes = (await machine.read("/run/changes")).trim().split("\n");
        const isKept =
          changes.findIndex((line) => line.startsWith("Deleted")) > changes.indexOf(last);
        expect(name === "networkd" || isKept).toBe(true);
        expect((await dhcp.routing()).table).not.toContain("ens6");
        expect(await rulesOf(machine, "10.0.0.10")).toEqual(ofPrimary[name]);
        expect([await dhcp.pings(), await dhcp.pings("10.0.0.10")]).toEqual([true, true]);
        const again = await machine.run(["ec2nic", "activate", "--json"]);
        expect(JSON.parse(again)).toMatchObject({ outcome: "unchanged", plan: { steps: [] } });
      },
    );
  }
});
