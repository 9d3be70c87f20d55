import type { ImdsSettings } from "../../../src/imds/protocol/settings.ts";
import { type Links, emptyLinkSurvey } from "../../../src/imds/connect/transports.ts";
import { addressOn, linkState } from "../facts/link-states.ts";

type Through = "routing" | "nic";

/** A try has so long, on the real clock. */
const tryMs = 120;

/** `url`: with a path, which tells the rounds apart. */
export function settingsFor(url: string, through: Through, retries: number): ImdsSettings {
  const nic = through === "nic" ? "lo" : null;
  return {
    endpoints: [url],
    timeoutMs: 60_000,
    tryMs,
    connectMs: tryMs,
    nic,
    dhcp: false,
    retries,
  };
}

/** The loopback, as the NIC that is asked through. */
export function linksFor(through: Through): Links {
  const lo = {
    ...linkState("lo", []),
    addresses: [{ ...addressOn("lo", "127.0.0.1"), prefixLength: 8 }],
  };
  const ranked = { ...emptyLinkSurvey, others: [{ link: lo, reason: "it is asked through" }] };
  return {
    rank: async () => (through === "nic" ? ranked : emptyLinkSurvey),
    lease: async () => "none here",
    close: async () => undefined,
  };
}
