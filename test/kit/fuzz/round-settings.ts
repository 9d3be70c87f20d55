import type { ImdsSettings } from "../../../src/imds/protocol/settings.ts";

type RoundVia = "routing" | "nic";

/** A try has so long, on the real clock. */
const tryMs = 120;

/** `url`: with a path, which tells the rounds apart. */
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
