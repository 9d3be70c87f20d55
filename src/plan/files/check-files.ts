import type { Difference } from "../../model/difference.ts";
import type { HostState } from "../../model/host-state.ts";
import type { NetworkPlan } from "../../model/network-plan.ts";
import { macOfOwnPath } from "../../model/own-files.ts";

/** The files that a plan would write or remove, as differences from what lies on the machine. */
export function checkFiles(
  { write, remove, nics }: Pick<NetworkPlan, "write" | "remove" | "nics">,
  { files }: Pick<HostState, "files">,
): readonly Difference[] {
  const place = (mac: string | null) => {
    const name = nics.find((nic) => nic.mac === mac)?.name ?? null;
    return { kind: "file", mac, name } as const;
  };
  return [
    ...write.map(({ path, mac }): Difference => {
      const isThere = files.some((file) => file.path === path);
      const what = isThere ? "wrong" : "missing";
      const text = isThere ? `${path} is not as it should be` : `${path} is missing`;
      return { ...place(mac), what, text };
    }),
    ...remove.map((path): Difference => {
      return { ...place(macOfOwnPath(path)), what: "stale", text: `${path} should not be there` };
    }),
  ];
}
