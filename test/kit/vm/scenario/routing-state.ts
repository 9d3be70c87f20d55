import type { Vm } from "../vm.ts";

const script =
  "find /etc -name '*ec2nic*' | sort; ip rule; ip -6 rule; ip route show table all | grep -v 'table local\\|proto ra' | sed 's/ nhid [0-9]*//'";

/** The files of ec2nic, rules and routes, sorted, since routes have no fixed order. */
export async function readRoutingState(vm: Pick<Vm, "run">): Promise<readonly string[]> {
  return (await vm.run(["sh", "-c", script]))
    .split("\n")
    .map((line) => line.trim())
    .toSorted();
}

/** Ten times what a guest needs. */
const stateLimitMs = 600_000;

/** Waits until a guest has a state. Throws at the time limit with the differences. */
export function untilRoutingState(
  vm: Pick<Vm, "run" | "until">,
  what: string,
  state: readonly string[],
  timeoutMs = stateLimitMs,
): Promise<unknown> {
  const look = async (): Promise<boolean> => {
    const now = await readRoutingState(vm);
    if (Bun.deepEquals(now, state)) return true;
    const [more, missing] = [notIn(now, state), notIn(state, now)];
    throw new Error(`${more} -- missing: ${missing}`);
  };
  return vm.until(what, look, timeoutMs);
}

function notIn(lines: readonly string[], others: readonly string[]): string {
  return lines.filter((line) => !others.includes(line)).join("\n");
}
