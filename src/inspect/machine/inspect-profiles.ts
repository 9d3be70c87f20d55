import type { Host } from "../../host/host.ts";

/** Link's name → uuid of the profile that is up on it, as NetworkManager says; empty without it. */
export async function inspectProfiles(
  host: Pick<Host, "exec">,
): Promise<Readonly<Record<string, string>>> {
  const argv = ["nmcli", "--terse", "--fields", "DEVICE,CON-UUID", "device"];
  const { code, stdout } = await host.exec(argv, { timeoutMs: 10_000 });
  if (code !== 0) return {};
  const lines = stdout.split("\n").map((line) => /^(.+):([0-9a-f-]{36})$/.exec(line));
  return Object.fromEntries(
    lines.flatMap((match) => (match === null ? [] : [[unescape(match[1]), match[2] ?? ""]])),
  );
}

/** Terse output escapes colons and backslashes (nmcli(1), --escape). */
function unescape(name = ""): string {
  return name.replace(/\\(.)/g, "$1");
}
