import type { ImdsSettings } from "../../../src/imds/protocol/settings.ts";
import { type Links, emptyLinkSurvey } from "../../../src/imds/connect/transports.ts";
import { linkAddress, linkState } from "../facts/link-states.ts";

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
    dhcp: false,
    retries,
  };
}

/** The loopback, as the NIC that is asked through. */
export function linksFor(via: RoundVia): Links {
  const lo = {
    ...linkState("lo", []),
    addresses: [{ ...linkAddress("lo", "127.0.0.1"), prefixLength: 8 }],
  };
  const ranked = { ...emptyLinkSurvey, others: [{ link: lo, reason: "it is asked through" }] };
  return {
    rank: async () => (via === "nic" ? ranked : emptyLinkSurvey),
    lease: async () => "none here",
    close: async () => undefined,
  };
}
