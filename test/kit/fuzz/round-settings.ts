import type { ImdsSettings } from "../../../src/imds/protocol/settings.ts";

type RoundVia = "routing" | "nic";

/** The time limit of a try, on the real clock. */
const tryMs = 120;

/** The settings of a round; the path of `url` identifies it. */
export function settingsFor(url: string, via: RoundVia, retries: number): ImdsSettings {
  const nic = via === "nic" ? "lo" : null;
  return {
    endpoints: [url],
    timeoutMs: 60_000,
    tryMs,
    connectMs: tryMs,
    nic,
    paths: "any",
    dhcp: false,
    retries,
  };
}
