import { systemFiles } from "../../../src/host/files.ts";
import { findDhcpHooks } from "../../../src/links/find-dhcp-hooks.ts";
import type { DhcpEvent } from "../../../src/net/dhcp-event.ts";
import type { DhcpHookFacts } from "../../../src/net/dhcp-hooks.ts";
import { renderDhcpHooks } from "../../../src/render/dhcp-hooks.ts";
import { type BenchInstance, startInstance } from "../machine/instance.ts";
import type { Machine } from "../machine/machine.ts";
import { rootFileSystem, type Suite } from "../machine/root-file-system.ts";
import { clientPackages } from "./dhcp-lab.ts";

/** Where the driver puts down what it has done. */
export const fromDhcpLog = "/run/from-dhcp.log";

export interface HandledEvent {
  readonly event: DhcpEvent;
  readonly steps: readonly string[];
  readonly reasons: readonly string[];
  /** Steps that did not work, with what they said. */
  readonly failed: readonly string[];
}

/** Makes a client ask for a lease on `ens6`, ask again, and give it back; as an admin would. */
export interface ClientCommands {
  /** Units that run from the boot on. */
  readonly enable: readonly string[];
  readonly files: Readonly<Record<string, string>>;
  readonly lease: readonly string[];
  readonly renew: readonly string[];
  readonly release: readonly string[];
}

/** A machine with two NICs and every client, whose hooks of ours are in place. */
export interface HookedLab extends AsyncDisposable {
  readonly instance: BenchInstance;
  readonly machine: Machine;
  /** What the hooks have done so far. */
  readonly handled: () => Promise<readonly HandledEvent[]>;
  /** `ip rule`'s lines that name the NIC's address, and its provisional table. */
  readonly routing: () => Promise<{ readonly rules: string; readonly table: string }>;
  /** Whether a ping from an address of the machine comes back; default: from that of `ens6`. */
  readonly pings: (address?: string) => Promise<boolean>;
}

export async function startHookedLab(
  suite: Suite,
  binary: string,
  client: Pick<ClientCommands, "enable" | "files">,
): Promise<HookedLab> {
  const root = await rootFileSystem(suite, clientPackages);
  const facts = await findDhcpHooks({ files: systemFiles }, root);
  const instance = await startInstance({
    suite,
    binary,
    packages: clientPackages,
    disable: ["dhcpcd.service"],
    enable: client.enable,
    enis: [0, 1].map((device) => ({ device, ipv4: [`10.0.${device}.10`] })),
    files: { ...client.files, ...hookFiles(facts), "/etc/ec2nic/always": "" },
  });
  const { machine } = instance;
  return {
    instance,
    machine,
    handled: async () => {
      const { code, stdout } = await machine.exec(["cat", fromDhcpLog]);
      const lines = code === 0 ? stdout.trim().split("\n") : [];
      return lines.map((line) => JSON.parse(line) as HandledEvent);
    },
    routing: async () => {
      const rules = await machine.run(["sh", "-c", "ip -4 rule | grep -F ' 10.0.1.10' || :"]);
      const show = "ip -4 route show table 13900 2>&1 || :";
      return { rules, table: await machine.run(["sh", "-c", show]) };
    },
    pings: async (address = "10.0.1.10") => {
      const from = ["-I", address, "198.51.100.7"];
      return (await machine.exec(["ping", "-c", "1", "-W", "1", ...from])).code === 0;
    },
    [Symbol.asyncDispose]: instance.stop,
  };
}

function hookFiles(facts: DhcpHookFacts) {
  const hooks = renderDhcpHooks("/usr/local/bin/ec2nic", facts);
  return Object.fromEntries(hooks.map(({ path, content, mode }) => [path, { content, mode }]));
}
