import { expect, setDefaultTimeout } from "bun:test";
import { testLimitMs } from "../../basics/busy-machine.ts";
import { until } from "../../basics/until.ts";
import { missingRoot, missingTool, testUnless } from "../../basics/skip.ts";
import { type ProbeNetwork, probeNetwork } from "./probe-network.ts";
import { nicOf, type VerdictJson } from "./probe-result.ts";

const testHere = testUnless(
  missingRoot() ?? missingTool("ip", "nft", "iptables", "unshare", "nsenter", "curl", "sysctl"),
);

/** A real fault of a NIC. */
export interface VerdictCase {
  readonly what: string;
  /** The NIC whose verdict is checked (default: `ens6`). */
  readonly nic?: string;
  /** The commands that cause it, on the instance. */
  readonly provoke?: string;
  readonly before?: (network: ProbeNetwork) => Promise<unknown>;
  readonly word: string;
  /** A part of the message. */
  readonly says?: string;
  /** What is to be pasted; null: there is nothing. Handles and the like as regular expression. */
  readonly fix: readonly (string | RegExp)[] | null;
  /** The fix of the note on programs that do not bind to a NIC; null: none. */
  readonly note?: readonly string[] | null;
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

/**
 * For each case: causes the fault, checks the verdict, and pastes the offered commands. After the
 * commands to try first, and again after all commands, curl must reach IMDS over the kernel's own
 * routing. In the end the NIC must reach IMDS.
 */
export function testVerdicts(cases: readonly VerdictCase[]): void {
  setDefaultTimeout(testLimitMs);
  for (const { what, provoke, before, word, says = "", fix, ...more } of cases) {
    const { removeCause, note, nic = "ens6", args = [] } = more;
    testHere(`${what}: ${word}, and the fix works`, async () => {
      await using network = await probeNetwork();
      await network.standIn("aws", "exit 0");
      if (provoke !== undefined) await network.run(provoke);
      await before?.(network);
      const result = await network.probe(...args);
      const { verdict, outcome } = nicOf(result, nic);
      expect({ word: verdict.word, outcome }).toEqual({ word, outcome: "failed" });
      expect(verdict.text).toContain(says);
      expectCommands(verdict, fix);
      if (note !== undefined) expectCommands(result.note, note);
      for (const { commands } of result.fixes) {
        for (const command of commands) await network.run(command);
        await untilCurlReaches(network, args === ipv6 ? "[fd00:ec2::254]" : "169.254.169.254");
      }
      await removeCause?.(network);
      const again = await untilReached(network, nic, args);
      expect(again.verdict).toMatchObject({ word: "reached", fix: null });
    });
  }
}

function expectCommands(
  verdict: VerdictJson | null,
  wanted: readonly (string | RegExp)[] | null,
): void {
  expect(verdict?.fix?.length ?? null, verdict?.fix?.join("; ")).toBe(wanted?.length ?? null);
  for (const [at, line] of (wanted ?? []).entries()) {
    if (typeof line === "string") expect(verdict?.fix?.[at]).toBe(line);
    else expect(verdict?.fix?.[at]).toMatch(line);
  }
}

/** A token and the instance id by curl, which binds to no NIC. A link and ARP need some time. */
export async function untilCurlReaches({ run }: ProbeNetwork, host: string): Promise<void> {
  const url = `http://${host}/latest`;
  const curl = "curl -sf -g -m 5 --noproxy '*'";
  const token = `token=$(${curl} -X PUT -H "X-aws-ec2-metadata-token-ttl-seconds: 60" ${url}/api/token)`;
  const read = `${curl} -H "X-aws-ec2-metadata-token: $token" ${url}/meta-data/instance-id`;
  const isReached = () =>
    run(`${token} && ${read}`).then(
      (text) => text.startsWith("i-"),
      () => false,
    );
  await until(`curl reaches ${host}`, isReached);
}

/** Waits until a NIC reaches IMDS, and returns its verdict: a link and ARP need time. */
async function untilReached(network: ProbeNetwork, nic: string, args: readonly string[]) {
  const first = await network.ec2nic(["probe-nics", "--first", "--interface", nic, ...args]);
  expect(first.stdout).toBe(`${nic}\n`);
  return nicOf(await network.probe(...args), nic);
}
