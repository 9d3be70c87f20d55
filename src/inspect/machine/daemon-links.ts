import type { ExecHost, FileHost } from "../../host/host.ts";
import type { DaemonLinks, NetworkdLink, NetworkManagerDevice } from "../../model/backend-facts.ts";
import type { Link } from "../../model/link.ts";
import { readTextOrEmpty } from "../read-file.ts";

/** nmcli answers within milliseconds, unless its daemon hangs. */
const queryTimeoutMs = 10_000;

/**
 * What udev, networkd and NetworkManager say about these links. NetworkManager is asked only if it
 * runs. Reads the running machine, also if another root is configured. Changes nothing.
 */
export async function readDaemonLinks(
  host: ExecHost & FileHost,
  links: readonly Pick<Link, "name">[],
  isNetworkManagerRunning: boolean,
): Promise<DaemonLinks> {
  const devices = isNetworkManagerRunning ? await readDevices(host) : {};
  const entries = links.map(async ({ name }) => {
    const index = (await readTextOrEmpty(host, `/sys/class/net/${name}/ifindex`)).trim();
    const [udev, state, lease] = await Promise.all([
      readTextOrEmpty(host, `/run/udev/data/n${index}`),
      readTextOrEmpty(host, `/run/systemd/netif/links/${index}`),
      readTextOrEmpty(host, `/run/systemd/netif/leases/${index}`),
    ]);
    const networkManager = devices[name] ?? null;
    const link = {
      udev: parseUdev(udev),
      networkd: parseNetworkdLink(state),
      networkManager,
      networkdLease: /^ADDRESS=(.+)$/m.exec(lease)?.[1] ?? null,
    };
    return [name, link] as const;
  });
  return Object.fromEntries(await Promise.all(entries));
}

/** udev's database marks properties with `E:`. */
function parseUdev(text: string): Readonly<Record<string, string>> {
  const properties = [...text.matchAll(/^E:([^=\n]+)=(.*)$/gm)];
  return Object.fromEntries(properties.map(([, key = "", value = ""]) => [key, value]));
}

/**
 * The state file is private to systemd, but sd-network and `networkctl list` read nothing else, and
 * its keys are the same in all versions since 230.
 */
function parseNetworkdLink(text: string): NetworkdLink | null {
  const state = /^ADMIN_STATE=(.+)$/m.exec(text)?.[1];
  if (state === undefined) return null;
  return { state, file: /^NETWORK_FILE=(.+)$/m.exec(text)?.[1] ?? null };
}

async function readDevices(
  host: ExecHost,
): Promise<Readonly<Record<string, NetworkManagerDevice>>> {
  const fields = "GENERAL.DEVICE,GENERAL.STATE,GENERAL.REASON,GENERAL.CON-UUID";
  const argv = ["nmcli", "--terse", "--escape", "no", "--fields", fields, "device", "show"];
  const { code, stdout } = await host.exec(argv, { timeoutMs: queryTimeoutMs });
  return code === 0 ? parseDevices(stdout) : {};
}

/** One block of lines for each device: `GENERAL.STATE:100 (connected)`. */
export function parseDevices(stdout: string): Readonly<Record<string, NetworkManagerDevice>> {
  const blocks = stdout.split(/\n(?=GENERAL\.DEVICE:)/).map((block) => {
    const field = (name: string): string =>
      new RegExp(`^GENERAL\\.${name}:(.*)$`, "m").exec(block)?.[1] ?? "";
    const uuid = field("CON-UUID");
    const device = {
      state: Number.parseInt(field("STATE"), 10),
      reason: Number.parseInt(field("REASON"), 10),
      profile: uuid === "" ? null : uuid,
    };
    return [field("DEVICE"), device] as const;
  });
  return Object.fromEntries(
    blocks.filter(([name, { state }]) => name !== "" && !Number.isNaN(state)),
  );
}
