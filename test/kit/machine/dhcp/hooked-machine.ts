import { type TestInstance, startInstance } from "../vpc/instance.ts";
import type { Machine } from "../machine.ts";
import type { Suite } from "../root-file-system.ts";
import type { ClientCommands } from "./client-commands.ts";
import { clientPackages } from "./dhcp-machine.ts";

/** The `--json` output of one call of a hook. */
export interface HandledCall {
  readonly nics: readonly { readonly name: string; readonly outcome: string }[];
  readonly plan: {
    readonly steps: readonly { readonly argv: readonly string[] }[];
    readonly reasons: readonly string[];
  } | null;
  readonly error?: { readonly message: string };
}

/** The event of a call. */
export type CallKind = "bound" | "released" | "irrelevant";

/** A machine with two NICs and every client, on which `hotplug --install --from-dhcp` has been run. */
export interface HookedMachine extends AsyncDisposable {
  readonly instance: TestInstance;
  readonly machine: Machine;
  /** Puts a recorder between the hooks and ec2nic, which records each call. */
  readonly watch: () => Promise<void>;
  /** The calls since then. */
  readonly handledCalls: () => Promise<readonly HandledCall[]>;
  /** The lines of `ip rule` with the address of the NIC, and its provisional table. */
  readonly routing: () => Promise<{ readonly rules: string; readonly table: string }>;
  /** Whether a ping from an address of the machine is answered; default: the address of `ens6`. */
  readonly pings: (address?: string) => Promise<boolean>;
}

const callsFile = "/run/recorder/calls";

/** Runs ec2nic as the hook does, with `--json`, and records its output. */
const recorder = `
mkdir /run/recorder
touch /run/recorder/ec2nic
mount --bind /usr/local/bin/ec2nic /run/recorder/ec2nic
cat >/run/recorder/script <<'END'
#!/bin/sh
printed=$(/run/recorder/ec2nic "$@" --json)
code=$?
printf '%s\\n' "$(printf %s "$printed" | tr -d '\\n')" >>${callsFile}
exit $code
END
chmod 0755 /run/recorder/script
mount --bind /run/recorder/script /usr/local/bin/ec2nic
`;

export async function startHookedMachine(
  suite: Suite,
  client: Pick<ClientCommands, "enable" | "files">,
): Promise<HookedMachine> {
  const instance = await startInstance({
    suite,
    packages: clientPackages,
    disable: ["dhcpcd.service"],
    enable: client.enable,
    enis: [0, 1].map((device) => ({ device, ipv4: [`10.0.${device}.10`] })),
    files: { ...client.files, "/etc/ec2nic/always": "" },
  });
  const { machine } = instance;
  await machine.run(["ec2nic", "hotplug", "--install", "--from-dhcp"]);
  return {
    instance,
    machine,
    watch: async () => void (await machine.run(["sh", "-ec", recorder])),
    handledCalls: async () => {
      const { code, stdout } = await machine.exec(["cat", callsFile]);
      const lines = code === 0 ? stdout.trim().split("\n") : [];
      return lines.map((line) => JSON.parse(line) as HandledCall);
    },
    routing: async () => {
      const rules = await machine.run(["sh", "-c", "ip -4 rule | grep -F ' 10.0.1.10' || :"]);
      const show = "ip -4 route show table 13200 2>&1 || :";
      return { rules, table: await machine.run(["sh", "-c", show]) };
    },
    pings: async (address = "10.0.1.10") => {
      const from = ["-I", address, "198.51.100.7"];
      return (await machine.exec(["ping", "-c", "1", "-W", "1", ...from])).code === 0;
    },
    [Symbol.asyncDispose]: instance.stop,
  };
}

/** The event of a call for `ens6`; networkd's unit handles all leases at once, and may find none. */
export function classifyCall({ plan }: HandledCall): CallKind {
  const reason = plan?.reasons.find((reason) => reason.startsWith("ens6: "));
  if (reason === undefined) return "irrelevant";
  return reason.endsWith("what our files say of it stays") ? "released" : "bound";
}
