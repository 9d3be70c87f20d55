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
import { buildDriverBeforeAll, dhcpMissing } from "../../kit/machine/dhcp/prepare-file.ts";
import { type Suite, suites } from "../../kit/machine/root-file-system.ts";
import { seededRuns } from "../../kit/basics/seed.ts";
import { testUnless } from "../../kit/basics/skip.ts";

setDefaultTimeout(machineLimitMs);
const testDhcp = testUnless(dhcpMissing);
const driver = buildDriverBeforeAll();
const { seed } = seededRuns(1);
const replay = `EC2NIC_SEED=${seed}`;
/** How often a run is killed. `KILLS=20`: more often, and on both suites. */
const moments = Number(process.env["KILLS"] ?? "2");

const { up, down, configured, unanswered } = nics;
const identity = "i-0ec20000000000001";

const tested = process.env["KILLS"] === undefined ? suites.slice(-1) : suites;
for (const suite of tested) {
  for (const client of clients) describe(`${client} of ${suite}`, () => testClient(suite, client));
}

function testClient(suite: Suite, client: Client): void {
  let dhcp: DhcpMachine;
  beforeAll(async () => {
    if (dhcpMissing === null) dhcp = await startDhcpMachine(client, suite, driver());
  });
  afterAll(async () => dhcp?.[Symbol.asyncDispose]());

  testDhcp("IMDS is reached through two NICs at once, one of which was down", async () => {
    const { code, leases, stderr } = await dhcp.takeLeases([up, down]);
    expect(leases, stderr).toEqual([
      { nic: up, failure: null, address: "10.0.1.10", instanceId: identity },
      { nic: down, failure: null, address: "10.0.2.10", instanceId: identity },
    ]);
    expect(code).toBe(0);
    expect(await dhcp.changes()).toEqual([]);
  });

  testDhcp("a run without a DHCP server ends within its time limit", async () => {
    const { code, leases, elapsedMs } = await dhcp.takeLeases([unanswered]);
    expect(leases[0]?.failure).toContain("no DHCP server granted an address");
    expect(code).toBe(69);
    // its limit is 4 s; without a limit a client asks for a minute
    expect(elapsedMs).toBeWithin(3000, 30_000);
    expect(await dhcp.changes()).toEqual([]);
  });

  testDhcp("a NIC that has an address is not changed", async () => {
    const { leases, stderr } = await dhcp.takeLeases([configured]);
    expect(leases[0]?.failure).toBe("it has an IPv4 address");
    expect(stderr).not.toContain("running ip");
    expect(await dhcp.changes()).toEqual([]);
  });

  for (const [signal, status] of [
    ["INT", 130],
    ["TERM", 143],
  ] as const) {
    testDhcp(
      `a run that gets SIG${signal} while it waits for a lease restores all NICs`,
      async () => {
        const { code, stderr } = await dhcp.takeLeases([unanswered, down], {
          signal,
          when: (messages) => messages.includes(`${down}: has the temporary address`),
        });
        expect(code, stderr).toBe(status);
        expect(await dhcp.changes()).toEqual([]);
      },
    );
  }

  testDhcp(
    `after SIGKILL at a random moment the next run restores all NICs (${replay})`,
    async () => {
      for (const when of killMoments(seed, moments)) {
        await dhcp.takeLeases([up, down], { signal: "KILL", when });
        const next = await dhcp.takeLeases([]);
        expect(next.code, next.stderr).toBe(0);
        await expectMachineUnchanged(dhcp, `killed after ${when} ms: ${next.stderr}`);
      }
    },
  );
}
