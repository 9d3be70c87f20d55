import { expect } from "bun:test";
import { shortenCidr } from "../../../src/plan/drift/rules.ts";
import type { HeldNamespace } from "./held-namespace.ts";
import { expected } from "./real-instance.ts";

/** Every address, route and rule with all details of `ip`, sorted. */
async function snapshot({ run }: HeldNamespace): Promise<readonly string[]> {
  const shown = ["address", "-4 route show table all", "-6 route show table all"];
  const texts = [...shown, "-4 rule", "-6 rule"].map((words) => run(`ip -json -details ${words}`));
  return (await Promise.all(texts))
    .flatMap((text) => JSON.parse(text) as { ifname?: string; addr_info?: object[] }[])
    .flatMap(({ ifname, addr_info, ...rest }) =>
      addr_info === undefined ? [rest] : addr_info.map((info) => ({ ifname, ...info })),
    )
    .map((entry) => JSON.stringify(entry))
    .toSorted();
}

/** The first snapshot for which `isDone` is true, or the last one after 30 s: IPv6 adds addresses with a delay. */
export async function snapshotWhen(
  network: HeldNamespace,
  isDone: (entries: readonly string[]) => boolean,
): Promise<readonly string[]> {
  const deadline = performance.now() + 30_000;
  let entries = await snapshot(network);
  while (!isDone(entries) && performance.now() < deadline) {
    await Bun.sleep(5);
    entries = await snapshot(network);
  }
  return entries;
}

export async function expectNetworkUnchanged(
  network: HeldNamespace,
  before: readonly string[],
): Promise<void> {
  const isBack = (entries: readonly string[]) => Bun.deepEquals(entries, before);
  expect(await snapshotWhen(network, isBack)).toEqual([...before]);
}

/** Whether each address has its local route, which the kernel adds last. */
export function isSettled(entries: readonly string[]): boolean {
  const locals = entries.filter((entry) => entry.includes('"type":"local"'));
  return expected.nics
    .flatMap(({ addresses }) => addresses)
    .every(({ cidr }) => locals.some((entry) => entry.includes(`"dst":"${shortenCidr(cidr)}"`)));
}
