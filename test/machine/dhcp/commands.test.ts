import { afterAll, beforeAll, describe, expect, setDefaultTimeout } from "bun:test";
import { machineLimitMs } from "../../kit/machine/machine-test.ts";
import {
  type Client,
  clients,
  type DhcpMachine,
  nics,
  startDhcpMachine,
} from "../../kit/machine/dhcp/dhcp-machine.ts";
import { killMoments, expectMachineUnchanged } from "../../kit/machine/dhcp/kill-moments.ts";
import { dhcpMissing } from "../../kit/machine/dhcp/prepare-file.ts";
import { type Suite, suites } from "../../kit/machine/root-file-system.ts";
import { binary } from "../../kit/program/run-ec2nic.ts";
import { seededRuns } from "../../kit/basics/seed.ts";
import { testUnless } from "../../kit/basics/skip.ts";

setDefaultTimeout(machineLimitMs);
const testDhcp = testUnless(dhcpMissing);
const { seed } = seededRuns(1);
const replay = `EC2NIC_SEED=${seed}`;
/** How often a run is ended by each signal; `KILLS=20` for more. */
const moments = Number(process.env["KILLS"] ?? "1");

const { up, down, configured } = nics;
const identity = "i-0ec20000000000001\n";

for (const suite of suites) {
  for (const client of clients) describe(`${client} of ${suite}`, () => testClient(suite, client));
}

/** Tests the built executable, which people and units run. */
function testClient(suite: Suite, client: Client): void {
  let dhcp: DhcpMachine;
  const fetch = (nic: string): readonly string[] => ["fetch", "instance-id", "--interface", nic];
  beforeAll(async () => {
    if (dhcpMissing === null) dhcp = await startDhcpMachine(client, suite, binary, false);
  });
  afterAll(async () => dhcp?.[Symbol.asyncDispose]());

  for (const nic of [up, down]) {
    testDhcp(`fetch --dhcp reads IMDS through ${nic} and restores the machine`, async () => {
      const without = await dhcp.ec2nic([...fetch(nic), "--timeout", "600ms"]);
      expect(without.code, without.stderr).toBe(69);
      const { code, stdout, stderr } = await dhcp.ec2nic([...fetch(nic), "--dhcp"]);
      expect({ code, stdout }, stderr).toEqual({ code: 0, stdout: identity });
      expect(await dhcp.changes()).toEqual([]);
    });
  }

  testDhcp("probe-nics --dhcp reaches IMDS through NICs that have no address", async () => {
    const args = ["probe-nics", "--dhcp", "--json", "--timeout", "60s"];
    const { code, stdout, stderr } = await dhcp.ec2nic(args);
    const words = Object.fromEntries(
      (JSON.parse(stdout) as { nics: { name: string; verdict: { word: string } }[] }).nics.map(
        ({ name, verdict }) => [name, verdict.word],
      ),
    );
    expect(words, stderr).toMatchObject({ [up]: "reached", [down]: "reached" });
    const result = JSON.parse(stdout) as { nics: { name: string; leased: readonly string[] }[] };
    expect(result.nics.find(({ name }) => name === up)?.leased).toEqual(["10.0.1.10"]);
    expect(code).toBe(0);
    expect(await dhcp.changes()).toEqual([]);
  });

  testDhcp(
    `a run that a signal ends at a random moment, or after SIGKILL the next run, restores the machine (${replay})`,
    async () => {
      const signals = ["INT", "TERM", "KILL"] as const;
      for (const [at, when] of killMoments(seed, 3 * moments).entries()) {
        const signal = signals[at % 3] ?? "KILL";
        const ended = await dhcp.ec2nic([...fetch(at % 2 === 0 ? up : down), "--dhcp"], {
          signal,
          when,
        });
        expect([0, 130, 143, 137], ended.stderr).toContain(ended.code);
        // any next run restores the machine, with or without --dhcp
        if (signal === "KILL") await dhcp.ec2nic([...fetch(configured), "--timeout", "300ms"]);
        await expectMachineUnchanged(dhcp, `SIG${signal} after ${when} ms: ${ended.stderr}`);
      }
    },
  );
}
