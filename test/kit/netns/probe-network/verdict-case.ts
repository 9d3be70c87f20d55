import { expect, setDefaultTimeout } from "bun:test";
import { testLimitMs } from "../../basics/busy-machine.ts";
import { missingRoot, missingTool, testUnless } from "../../basics/skip.ts";
import { type ProbeNetwork, probeNetwork } from "./probe-network.ts";
import { nicOf } from "./probe-result.ts";

const testHere = testUnless(
  missingRoot() ?? missingTool("ip", "nft", "iptables", "unshare", "nsenter", "curl", "sysctl"),
);

/** A real fault of `ens6`. */
export interface VerdictCase {
  readonly what: string;
  /** The commands that cause it, on the instance. */
  readonly provoke?: string;
  readonly before?: (network: ProbeNetwork) => Promise<unknown>;
  readonly word: string;
  /** A part of the message. */
  readonly says?: string;
  /** What is to be pasted; null: there is nothing. Handles and the like as regular expression. */
  readonly fix: readonly (string | RegExp)[] | null;
  /** Removes the fault where the verdict has no commands. */
  readonly removeCause?: (network: ProbeNetwork) => Promise<unknown>;
  readonly args?: readonly string[];
}

/** The arguments to probe IMDS over IPv6 only. */
export const ipv6 = ["--endpoint", "http://[fd00:ec2::254]"];

/** The commands that add the nftables chain `inet t c`; more commands may follow. */
export const addChain = (hook: string, policy = "accept") =>
  `nft add table inet t; nft 'add chain inet t c { type filter hook ${hook} priority 0; policy ${policy}; }';`;

/** Replaces `aws` by a script that removes the fault when it is called as AWS documents it. */
export const standInAws = (option: string) => (network: ProbeNetwork) =>
  network.standIn(
    "aws",
    `[ "$*" = "ec2 modify-instance-metadata-options --instance-id INSTANCE_ID ${option}" ] || exit 252
nsenter --net=/proc/$FAR/ns/net sh -c 'nft flush ruleset; curl -sf -d "{}" http://127.0.0.1/_simulator/clear-faults'`,
  );

/** Runs the steps in order. */
export const inOrder =
  (...steps: readonly ((network: ProbeNetwork) => Promise<unknown>)[]) =>
  async (network: ProbeNetwork) => {
    for (const step of steps) await step(network);
  };

/** For each case: causes the fault, checks the verdict, runs its fix, and probes again. */
export function testVerdicts(cases: readonly VerdictCase[]): void {
  setDefaultTimeout(testLimitMs);
  for (const { what, provoke, before, word, says = "", fix, removeCause, args = [] } of cases) {
    testHere(`${what}: ${word}, and the fix works`, async () => {
      await using network = await probeNetwork();
      if (provoke !== undefined) await network.run(provoke);
      await before?.(network);
      const { verdict, outcome } = nicOf(await network.probe(...args), "ens6");
      expect({ word: verdict.word, outcome }).toEqual({ word, outcome: "failed" });
      expect(verdict.text).toContain(says);
      expect(verdict.fix?.length ?? null).toBe(fix?.length ?? null);
      for (const [at, line] of (fix ?? []).entries()) expect(verdict.fix?.[at]).toMatch(line);
      if (removeCause !== undefined) await removeCause(network);
      else for (const line of verdict.fix ?? []) await network.run(line);
      const again = await untilReached(network, args);
      expect(again.verdict).toMatchObject({ word: "reached", fix: null });
    });
  }
}

/** Waits until `ens6` reaches IMDS, and returns its verdict: a link and ARP need time. */
async function untilReached(network: ProbeNetwork, args: readonly string[]) {
  const first = await network.ec2nic(["probe-nics", "--first", "--interface", "ens6", ...args]);
  expect(first.stdout).toBe("ens6\n");
  return nicOf(await network.probe(...args), "ens6");
}
