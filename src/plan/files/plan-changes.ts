import type {
  Backend,
  ConfigFile,
  Difference,
  ExistingFile,
  HostState,
  NetworkPlan,
  NicResult,
} from "../../model/plan.ts";
import type { NetworkConfig, NicConfig } from "../../model/network-config.ts";
import { machinePaths, macOfOwnPath } from "../../model/managed-paths.ts";
import { isOurs } from "./managed-nics.ts";

/** What the decisions before came to. */
interface Wanted {
  readonly backend: Backend;
  readonly config: NetworkConfig;
  /** `config`, rendered, and what the machine needs beside it. */
  readonly files: readonly ConfigFile[];
  /** NICs left alone: their files stay as they are. */
  readonly left: readonly NicResult[];
  /** MACs whose files go. */
  readonly retired: readonly string[];
  /** Of these the kernel says so: their devices have left the machine. */
  readonly gone: readonly string[];
  readonly reasons: readonly string[];
}

/**
 * What it takes to get from what lies on the machine to what is wanted: only files that differ are
 * written (content or mode), and of ours only those removed that a configured NIC no longer has, or
 * that are retired. Nothing to do gives a plan with nothing in it.
 */
export function planChanges(wanted: Wanted, state: HostState): NetworkPlan {
  const write = wanted.files
    .filter((file) => !state.files.some((existing) => isSame(file, existing)))
    .toSorted((left, right) => (left.path < right.path ? -1 : 1));
  const superfluous = state.files.filter((file) => isSuperfluous(file, wanted));
  const remove = superfluous
    .filter(isOurs)
    .map(({ path }) => path)
    .toSorted();
  const changed = new Set([...write.map(({ mac }) => mac), ...remove.map(macOfOwnPath)]);
  return {
    backend: wanted.backend,
    write,
    remove,
    steps: [],
    reasons: [
      ...wanted.reasons,
      ...wanted.config.nics.map(whyConfigured),
      ...wanted.left.map(
        ({ mac, name, reason }) => `${named(mac, name)}: left alone: ${reason ?? ""}`,
      ),
      ...remove.map((path) => whyRemoved(path, wanted)),
      ...superfluous
        .filter((file) => !isOurs(file))
        .map(({ path }) => `${path}: does not say that it is ours: stays`),
    ],
    nics: [
      ...wanted.config.nics.map((nic) => configuredNic(nic, changed.has(nic.mac))),
      ...wanted.left.map((nic) => leftNic(nic, state)),
      ...wanted.retired.map((mac) => retiredNic(mac, wanted)),
    ],
  };
}

function isSame(file: ConfigFile, existing: ExistingFile): boolean {
  const { path, content, mode } = existing;
  return path === file.path && content === file.content && mode === file.mode;
}

function isSuperfluous({ path }: ExistingFile, { files, config, retired }: Wanted): boolean {
  if (files.some((file) => file.path === path)) return false;
  if (machinePaths.includes(path)) return true;
  const mac = macOfOwnPath(path);
  return mac !== null && (retired.includes(mac) || config.nics.some((nic) => nic.mac === mac));
}

function whyConfigured(nic: NicConfig): string {
  const role = nic.isPrimary ? "primary" : `index ${nic.index}`;
  const table = nic.routes[0]?.table;
  const routing = table === undefined ? "no rules, no table" : `rules to table ${table}`;
  const dhcp = [...(nic.dhcp4 ? ["DHCPv4"] : []), ...(nic.dhcp6 ? ["DHCPv6"] : [])].join(" and ");
  const more = nic.addresses.length === 0 ? "" : `, ${nic.addresses.length} more addresses`;
  const here = nic.name === null ? "; no NIC here has its MAC yet" : "";
  const what = `${role}, metric ${nic.metric}: ${dhcp}${more}, ${routing}${here}`;
  return `${named(nic.mac, nic.name)} is ${nic.eniId}, ${what}`;
}

function whyRemoved(path: string, wanted: Wanted): string {
  const mac = macOfOwnPath(path);
  if (mac === null) return `${path}: no longer needed: removed`;
  if (wanted.retired.includes(mac)) return `${path}: ${mac}: ${whyRetired(mac, wanted)}: removed`;
  return `${path}: not part of the configuration for ${wanted.backend}: removed`;
}

function whyRetired(mac: string, { gone }: Wanted): string {
  if (gone.includes(mac)) return "its device has left the machine";
  return "neither IMDS nor this machine knows its MAC";
}

function named(mac: string, name: string | null): string {
  return name === null ? mac : `${mac} (${name})`;
}

function configuredNic({ mac, name, eniId }: NicConfig, isChanged: boolean): NicResult {
  return { mac, name, eni: eniId, outcome: isChanged ? "configured" : "unchanged" };
}

/** A NIC that nothing is known to be wrong with, and that has a file of ours, keeps it. */
function leftNic(nic: NicResult, { files }: HostState): NicResult {
  const hasFile = files.some((file) => macOfOwnPath(file.path) === nic.mac && isOurs(file));
  if (nic.outcome !== "skipped" || !hasFile) return nic;
  return { ...nic, outcome: "kept" };
}

function retiredNic(mac: string, wanted: Wanted): NicResult {
  const reason = whyRetired(mac, wanted);
  return { mac, name: null, eni: null, outcome: "retired", reason };
}

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
