import { afterAll, beforeAll, describe, expect, setDefaultTimeout } from "bun:test";
import {
  type Client,
  clients,
  type DhcpLab,
  nics,
  startDhcpLab,
} from "../support/dhcp-lab/dhcp-lab.ts";
import { chosenMoments, expectUnchanged } from "../support/dhcp-lab/endings.ts";
import { driverOfFile, labMissing } from "../support/dhcp-lab/lab-of-file.ts";
import { type Suite, suites } from "../support/machine/root-file-system.ts";
import { tries } from "../support/seed.ts";
import { testUnless } from "../support/skip.ts";

setDefaultTimeout(120_000);
const testLab = testUnless(labMissing);
const driver = driverOfFile();
const { seed } = tries(1);
const again = `EC2NIC_SEED=${seed}`;
/** `KILLS=20` for more of them, and on both suites: `commands.test.ts` is on both always. */
const moments = Number(process.env["KILLS"] ?? "2");

const { up, down, configured, unanswered } = nics;
const identity = "i-0ec20000000000001";

const tested = process.env["KILLS"] === undefined ? suites.slice(-1) : suites;
for (const suite of tested) {
  for (const client of clients) describe(`${client} of ${suite}`, () => onClient(suite, client));
}

function onClient(suite: Suite, client: Client): void {
  let lab: DhcpLab;
  beforeAll(async () => {
    if (labMissing === null) lab = await startDhcpLab(client, suite, driver());
  });
  afterAll(async () => lab?.[Symbol.asyncDispose]());

  testLab("two NICs at once, one of them down: the identity comes through each", async () => {
    const { code, driven, stderr } = await lab.drive([up, down]);
    expect(driven, stderr).toEqual([
      { nic: up, trouble: null, address: "10.0.1.10", instanceId: identity },
      { nic: down, trouble: null, address: "10.0.2.10", instanceId: identity },
    ]);
    expect(code).toBe(0);
    expect(await lab.changes()).toEqual([]);
  });

  testLab("nobody answers: it gives up in time", async () => {
    const { code, driven, elapsedMs } = await lab.drive([unanswered]);
    expect(driven[0]?.trouble).toContain("no DHCP server granted an address");
    expect(code).toBe(69);
    expect(elapsedMs).toBeLessThan(6000);
    expect(await lab.changes()).toEqual([]);
  });

  testLab("a NIC that has an address is not touched", async () => {
    const { driven, stderr } = await lab.drive([configured]);
    expect(driven[0]?.trouble).toBe("it has an IPv4 address");
    expect(stderr).not.toContain("runs ip");
    expect(await lab.changes()).toEqual([]);
  });

  for (const [signal, status] of [
    ["INT", 130],
    ["TERM", 143],
  ] as const) {
    testLab(`SIG${signal} while nobody answers: all is given back`, async () => {
      const { code, stderr } = await lab.drive([unanswered, down], { signal, afterMs: 1000 });
      expect(code, stderr).toBe(status);
      expect(await lab.changes()).toEqual([]);
    });
  }

  testLab(`kill -9 at ${moments} moments of chance, and the next run (${again})`, async () => {
    for (const afterMs of chosenMoments(seed, moments)) {
      await lab.drive([up, down], { signal: "KILL", afterMs });
      const next = await lab.drive([]);
      expect(next.code, next.stderr).toBe(0);
      await expectUnchanged(lab, `killed after ${afterMs} ms: ${next.stderr}`);
    }
  });

  testLab(
    `SIGINT and SIGTERM at ${moments} moments of chance, and no next run (${again})`,
    async () => {
      for (const [at, afterMs] of chosenMoments(seed + 1, moments).entries()) {
        const signal = at % 2 === 0 ? "INT" : "TERM";
        const { code, stderr } = await lab.drive([up, down], { signal, afterMs });
        expect([0, 130, 143], stderr).toContain(code);
        await expectUnchanged(lab, `SIG${signal} after ${afterMs} ms: ${stderr}`);
      }
    },
  );
}
