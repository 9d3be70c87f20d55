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
import { machinePaths, macOfManagedPath } from "../../model/managed-paths.ts";
import { isManaged } from "./managed-nics.ts";

/** A plan without the commands that activate it. */
export type FilePlan = Omit<NetworkPlan, "steps">;

/** The wanted files, and the decisions from which they follow. */
interface WantedState {
  readonly backend: Backend;
  readonly config: NetworkConfig;
  /** The files for `config`, and those that belong to no NIC. */
  readonly files: readonly ConfigFile[];
  /** NICs left alone: their files are not changed. */
  readonly leftAlone: readonly NicResult[];
  /** MACs whose files are removed. */
  readonly retired: readonly string[];
  /** The MACs of `retired` whose devices, as the kernel says, have left the machine. */
  readonly gone: readonly string[];
  readonly reasons: readonly string[];
}

/**
 * The difference between the existing files and the wanted ones. Only files that differ in content
 * or mode are written. Only our files are removed: those that a configured NIC no longer needs, and
 * those of retired NICs. The plan is empty if nothing differs.
 */
export function planChanges(wanted: WantedState, state: HostState): FilePlan {
  const write = wanted.files
    .filter((file) => !state.files.some((existing) => isSameFile(file, existing)))
    .toSorted((left, right) => (left.path < right.path ? -1 : 1));
  const obsolete = state.files.filter((file) => isObsolete(file, wanted));
  const remove = obsolete.flatMap((file) => (isManaged(file) ? [file.path] : [])).toSorted();
  const foreign = obsolete.filter((file) => !isManaged(file));
  const changed = new Set([...write.map(({ mac }) => mac), ...remove.map(macOfManagedPath)]);
  return {
    backend: wanted.backend,
    write,
    remove,
    reasons: [
      ...wanted.reasons,
      ...wanted.config.nics.map(describeConfigured),
      ...wanted.leftAlone.map((nic) => `${formatNic(nic)}: left alone: ${nic.reason ?? ""}`),
      ...remove.map((path) => describeRemoved(path, wanted)),
      ...foreign.map(({ path }) => `${path} is left in place, because ec2nic did not write it`),
    ],
    nics: [
      ...wanted.config.nics.map((nic) => configuredNic(nic, changed.has(nic.mac))),
      ...wanted.leftAlone.map((nic) => leftAloneNic(nic, state)),
      ...wanted.retired.map((mac) => retiredNic(mac, wanted)),
    ],
  };
}

function isSameFile(file: ConfigFile, existing: ExistingFile): boolean {
  const { path, content, mode } = existing;
  return path === file.path && content === file.content && mode === file.mode;
}

function isObsolete({ path }: ExistingFile, { files, config, retired }: WantedState): boolean {
  if (files.some((file) => file.path === path)) return false;
  if (machinePaths.includes(path)) return true;
  const mac = macOfManagedPath(path);
  return mac !== null && (retired.includes(mac) || config.nics.some((nic) => nic.mac === mac));
}

function describeConfigured(nic: NicConfig): string {
  const role = nic.isPrimary ? "primary" : `index ${nic.index}`;
  const table = nic.routes[0]?.table;
  const routing = table === undefined ? "no rules, no table" : `rules to table ${table}`;
  const noDefault = nic.hasMainDefault ? "" : ", no default route in main";
  const dhcp = ["DHCPv4", ...(nic.dhcp6 ? ["DHCPv6"] : [])].join(" and ");
  const more = nic.addresses.length === 0 ? "" : `, ${nic.addresses.length} more addresses`;
  const here = nic.name === null ? "; no NIC here has its MAC yet" : "";
  const what = `${role}, metric ${nic.metric}: ${dhcp}${more}, ${routing}${noDefault}${here}`;
  return `${formatNic(nic)} is ${nic.eniId}, ${what}`;
}

function describeRemoved(path: string, wanted: WantedState): string {
  const mac = macOfManagedPath(path);
  if (mac === null) return `${path} is removed, because it is no longer needed`;
  if (wanted.retired.includes(mac))
    return `${path} of ${mac} is removed, because ${retiredReason(mac, wanted)}`;
  return `${path} is removed, because ${wanted.backend} does not need it`;
}

function retiredReason(mac: string, { gone }: WantedState): string {
  if (gone.includes(mac)) return "its device has left the machine";
  return "neither IMDS nor this machine has its MAC";
}

function formatNic({ mac, name }: Pick<NicConfig, "mac" | "name">): string {
  return name === null ? mac : `${mac} (${name})`;
}

function configuredNic({ mac, name, eniId }: NicConfig, isChanged: boolean): NicResult {
  return { mac, name, eni: eniId, outcome: isChanged ? "configured" : "unchanged" };
}

/** The outcome of a skipped NIC that has a file of ours is `kept`, because the file is kept. */
function leftAloneNic(nic: NicResult, { files }: HostState): NicResult {
  const hasFile = files.some((file) => macOfManagedPath(file.path) === nic.mac && isManaged(file));
  if (nic.outcome !== "skipped" || !hasFile) return nic;
  return { ...nic, outcome: "kept" };
}

function retiredNic(mac: string, wanted: WantedState): NicResult {
  return { mac, name: null, eni: null, outcome: "retired", reason: retiredReason(mac, wanted) };
}

/** The files that a plan writes or removes, as differences for `--check`. */
export function checkFiles(
  { write, remove, nics }: Pick<NetworkPlan, "write" | "remove" | "nics">,
  { files }: Pick<HostState, "files">,
): readonly Difference[] {
  const locate = (mac: string | null) => {
    const name = nics.find((nic) => nic.mac === mac)?.name ?? null;
    return { kind: "file", mac, name } as const;
  };
  return [
    ...write.map(({ path, mac }): Difference => {
      const exists = files.some((file) => file.path === path);
      const what = exists ? "wrong" : "missing";
      const text = exists ? `${path} has the wrong content or mode` : `${path} is missing`;
      return { ...locate(mac), what, text };
    }),
    ...remove.map((path): Difference => {
      const text = `${path} should not be there`;
      return { ...locate(macOfManagedPath(path)), what: "stale", text };
    }),
  ];
}
