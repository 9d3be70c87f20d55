import type { EniSpec } from "../../../../scripts/simulator/scenario/eni-spec.ts";
import type { Machine } from "../machine.ts";
import type { Attached } from "./sequence.ts";

/** What ec2nic has configured on a machine, or should have. */
export interface ManagedState {
  /** The MACs that have files. */
  readonly files: readonly string[];
  /** The tables of ec2nic that have a default route. */
  readonly tables: readonly number[];
  /** `ens6 10.1.0.10`, of IPv4, without the primary's. */
  readonly addresses: readonly string[];
  /** `10.1.0.10 lookup 10001`: the rules with tables of ec2nic. */
  readonly rules: readonly string[];
  /** What no run should leave: temporary files, processes. */
  readonly leftovers: readonly string[];
}

/** The state for these ENIs, by the model. */
export function expectedManagedState(attached: Attached): ManagedState {
  const specs: readonly EniSpec[] = Object.values(attached);
  const tables = specs.map(({ device }) => 10_000 + device);
  return {
    files: ["06ec2a000000", ...specs.map(({ mac = "" }) => mac.replaceAll(":", ""))].toSorted(),
    addresses: specs
      .flatMap(({ device, ipv4 = [] }) => ipv4.map((each) => `ens${5 + device} ${each}`))
      .toSorted(),
    rules: [{ device: 0, ipv4: ["10.0.0.10"] }, ...specs]
      .flatMap(({ device, ipv4 = [], ipv4Prefixes = [] }: EniSpec) =>
        [...ipv4, ...ipv4Prefixes].map((from) => `${from} lookup ${10_000 + device}`),
      )
      .toSorted(),
    tables: tables.toSorted((a, b) => a - b),
    leftovers: [],
  };
}

/** The state of a machine. */
export async function readManagedState(machine: Machine): Promise<ManagedState> {
  const output = await machine.run(["sh", "-c", script]);
  const [files = "", addresses = "", rules = "", tables = "", leftovers = ""] =
    output.split("--\n");
  return {
    files: unique([...files.matchAll(/ec2nic-([0-9a-f]{12})\./g)].map(([, mac = ""]) => mac)),
    addresses: [...addresses.matchAll(/^\d+: (\S+) +inet ([\d.]+)/gm)]
      .map(([, nic = "", address = ""]) => `${nic} ${address}`)
      .filter((each) => !/^(?:lo|ens5) /.test(each))
      .toSorted(),
    rules: unique(
      [...rules.matchAll(/^38\d{2}:\s+from (\S+) (lookup 10\d{3})/gm)].map(
        ([, from = "", table = ""]) => `${from} ${table}`,
      ),
    ),
    tables: unique([...tables.matchAll(/^default .* table (10\d{3})/gm)].map(([, id = ""]) => id))
      .map(Number)
      .toSorted((a, b) => a - b),
    leftovers: leftovers.split("\n").filter((line) => line !== ""),
  };
}

const script = [
  "find /etc/systemd/network /etc/netplan /etc/NetworkManager/system-connections -name '*ec2nic-*'",
  "ip -4 -oneline address",
  "ip rule",
  "ip route show table all",
  [
    "find /etc /run/ec2nic -name '.ec2nic-*.tmp' -o -name '*.wish' -o -name '*.answer' -o -name unfinished.json",
    "pgrep -x -a ec2nic",
    "true",
  ].join("; "),
].join("; echo --; ");

function unique(words: readonly string[]): readonly string[] {
  return [...new Set(words)].toSorted();
}
