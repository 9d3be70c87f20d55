import type { Vm } from "../../../test/kit/vm/vm.ts";
import type { Peer } from "./peer.ts";

const working = `
systemctl list-jobs --no-legend
systemctl list-units --no-legend --state=activating,deactivating,running "$1"
`;

/** Waits until no service of a peer is at work, and none is to be; gives whether it came to that. */
export async function untilPeerIdle(
  vm: Pick<Vm, "run" | "until">,
  { services }: Pick<Peer, "services">,
  limitMs = 120_000,
): Promise<boolean> {
  const look = async (): Promise<boolean> => {
    const said = await vm.run(["sh", "-c", working, "sh", services]);
    return said.replaceAll("No jobs running.", "").trim() === "";
  };
  return vm.until("nothing is at work", look, limitMs).catch(() => false);
}
