import { expect, test } from "bun:test";
import type { ProbedNic } from "../../../src/model/probe.ts";
import { renderProbeFailure, reportFirst, reportProbe } from "../../../src/probe/report.ts";
import type { ProbeResult } from "../../../src/probe/probe-nics.ts";
import { linkStateAt, pathEvidence, probeOf } from "../../kit/facts/path-evidence.ts";
import { fakeClock, fakeLog } from "../../kit/host/fake-host.ts";

const { pathFacts } = pathEvidence();
const verdict = (word: "reached" | "down" | "not-asked" | "not-a-candidate") => {
  return { word, text: word, fix: null };
};
const answered = probeOf(
  { connect: "ok", token: "ok", read: "ok" },
  { requests: 4, retries: 1, endpoint: "http://169.254.169.254" },
);
const nicAt = (number: number, word: Parameters<typeof verdict>[0]): ProbedNic => ({
  link: linkStateAt(number),
  rank: number + 1,
  reason: "carrier",
  paths:
    word === "reached" || word === "down"
      ? [{ probe: word === "reached" ? answered : probeOf({}), pathFacts, verdict: verdict(word) }]
      : [],
  verdict: verdict(word),
});
const result = (...nics: readonly ProbedNic[]): ProbeResult => {
  return { nics, kernel: null, note: null, elapsedMs: 7 };
};

function hostAt(columns: number | null) {
  const printed: string[] = [];
  const print = async (data: unknown) => void printed.push(String(data));
  const host = { clock: fakeClock(), columns: () => columns, log: fakeLog(), print };
  return { host, printed };
}

async function report(probed: ProbeResult, mode = { json: true, plain: false, verbose: false }) {
  const { host, printed } = hostAt(80);
  const code = await reportProbe(host, mode, probed);
  return { code, text: printed.join(""), lines: host.log.lines };
}

test("--json has each NIC with its state, and the first path that reached IMDS", async () => {
  const [ipv4, other] = linkStateAt(2).addresses;
  const leased = ipv4 === undefined ? [] : [{ ...ipv4, isTemporary: true as const }];
  const addresses = [...leased, ...(other === undefined ? [] : [other])];
  const third = { ...nicAt(2, "reached"), link: linkStateAt(2, { addresses, hasCarrier: false }) };
  const down = { ...nicAt(1, "down"), link: linkStateAt(1, { isUp: false }) };
  const { code, text, lines } = await report(result(down, third, nicAt(0, "not-a-candidate")));
  expect({ code, lines }).toEqual({ code: 0, lines: [] });
  const json = JSON.parse(text);
  expect(json).toMatchObject({
    command: "probe-nics",
    outcome: "reached",
    kernelRouting: null,
    nics: [
      { name: "ens6", state: "down", carrier: true, outcome: "failed", rank: 2 },
      {
        name: "ens7",
        state: "up",
        carrier: false,
        addresses: ["2001:db8:2::10/64"],
        leased: ["10.0.2.10"],
        outcome: "reached",
        endpoints: [{ endpoint: "http://169.254.169.254", latencyMs: 3 }],
      },
      { name: "ens5", outcome: "skipped", endpoints: [] },
    ],
    imds: { endpoint: "http://169.254.169.254", interface: "ens7", requests: 4, retries: 1 },
  });
  expect(json.nics[0].endpoints[0].latencyMs).toBeNull();
  expect(json).not.toHaveProperty("error");
});

test("if no NIC reaches IMDS, the status is 69, and --json has the error", async () => {
  const { code, text, lines } = await report(result(nicAt(1, "down")));
  expect({ code, lines }).toEqual({ code: 69, lines: ["error: no NIC reaches IMDS"] });
  const error = { code: 69, kind: "UNAVAILABLE", message: "no NIC reaches IMDS", hint: null };
  expect(JSON.parse(text)).toMatchObject({ outcome: "failed", imds: { endpoint: null }, error });
  const failure = { code: 64, kind: "USAGE", message: "x", hint: null } as const;
  expect(JSON.parse(renderProbeFailure(failure, 5))).toMatchObject({
    outcome: "failed",
    nics: [],
    imds: null,
    error: failure,
    elapsedMs: 5,
  });
});

test("the output is a table on a terminal, and lines with --plain", async () => {
  const probed = result(nicAt(0, "reached"));
  const mode = { json: false, plain: false, verbose: false };
  expect((await report(probed, mode)).text).toContain("NIC   STATE");
  expect((await report(probed, { ...mode, plain: true })).text).toContain("NIC ens5: up.");
});

test("--first prints only the name, and throws UNAVAILABLE without a NIC", async () => {
  const { host, printed } = hostAt(null);
  const found = { nic: "ens6", probe: answered };
  expect(await reportFirst(host, { json: false, timeout: "5s" }, found)).toBe(0);
  await reportFirst(host, { json: true, timeout: "5s" }, found);
  const [name, json = ""] = printed;
  expect(name).toBe("ens6\n");
  expect(JSON.parse(json)).toMatchObject({ outcome: "reached", imds: { interface: "ens6" } });
  const failed = reportFirst(host, { json: false, timeout: "5s" }, null);
  await expect(failed).rejects.toMatchObject({
    kind: "UNAVAILABLE",
    message: "no NIC reaches IMDS within 5s",
  });
});
