import type { Vm } from "../../../test/kit/vm/vm.ts";
import type { Peer } from "./peer.ts";

const working = `
systemctl list-jobs --no-legend
systemctl list-units --no-legend --state=activating,deactivating,running "$1"
`;

/** Waits until no service of a program runs or is queued. Returns whether that was reached in time. */
export async function untilPeerIdle(
  vm: Pick<Vm, "run" | "until">,
  { services }: Pick<Peer, "services">,
  limitMs = 120_000,
): Promise<boolean> {
  const isIdle = async (): Promise<boolean> => {
    const output = await vm.run(["sh", "-c", working, "sh", services]);
    return output.replaceAll("No jobs running.", "").trim() === "";
  };
  return vm.until(`no unit ${services} runs`, isIdle, limitMs).catch(() => false);
}
