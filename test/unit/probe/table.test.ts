import { describe, expect, test } from "bun:test";
import type { ProbedNic, VerdictWord } from "../../../src/model/probe.ts";
import { orderFixes, type ProbeResults } from "../../../src/probe/rows.ts";
import { describeProbe } from "../../../src/probe/table.ts";
import { pathEvidence, linkStateAt, probeOf } from "../../kit/facts/path-evidence.ts";

const { pathFacts } = pathEvidence();
const verdict = (word: VerdictWord, text: string = word, fix: readonly string[] | null = null) => ({
  word,
  text,
  fix,
});

function pathWith(word: VerdictWord, endpoint = "http://169.254.169.254") {
  const probe = { ...probeOf({ connect: "ok", token: "ok", read: "ok" }), endpoint };
  return { probe, pathFacts, verdict: verdict(word) };
}

const ipv6 = "http://[fd00:ec2::254]";
const nicAt = (number: number, changes: Partial<ProbedNic> = {}): ProbedNic => ({
  link: linkStateAt(number),
  rank: number + 1,
  reason: "carrier, an address of its own, driver ena",
  paths: [pathWith("reached"), pathWith("no-route", ipv6)],
  verdict: verdict("reached"),
  ...changes,
});
const down = nicAt(1, {
  link: linkStateAt(1, { isUp: false, hasCarrier: false, addresses: [] }),
  paths: [pathWith("down")],
  verdict: verdict("down", "it is down", ["ip link set dev ens6 up"]),
});
const skipped = (kind: "loopback" | "bridge", name: string): ProbedNic => ({
  ...nicAt(3, { rank: null, paths: [], reason: `a ${kind}` }),
  link: { ...linkStateAt(3), kind, name },
  verdict: verdict("not-a-candidate"),
});
const noAnswer = { paths: [pathWith("no-answer")], verdict: verdict("no-answer") };
const kernelAt = (word: VerdictWord) => ({
  link: "br0",
  paths: [pathWith(word)],
  verdict: verdict(word, `${word} by routing`),
});
const note = verdict("no-route", "curl does not reach it", ["ip route append x"]);

interface Shown extends Partial<ProbeResults> {
  readonly verbose?: boolean;
  readonly columns?: number | null;
}

/** The text of a result, as a table where no other width is given. */
const textOf = ({ verbose = false, columns = 80, ...results }: Shown): string =>
  describeProbe({ nics: [], kernel: null, note: null, ...results }, { verbose, columns });

const mixed = { nics: [nicAt(0), down, skipped("bridge", "docker0"), skipped("loopback", "lo")] };

describe("on a terminal", () => {
  test("there is a sentence, a table, each fault with its commands, and the NICs without a probe", () => {
    expect(textOf(mixed).split("\n")).toEqual([
      "IMDS answers through ens5, not through ens6.",
      "",
      "NIC   STATE  IPv4      IPv6        ADDRESSES",
      "ens5  up     ok, 3 ms  (no-route)  10.0.0.10, 2001:db8:0::10",
      "ens6  down   -         -",
      "",
      "ens6: it is down.",
      "    ip link set dev ens6 up",
      "",
      "Not probed: docker0 (a bridge).",
      "",
    ]);
  });

  test("the same fault of several NICs is printed once", () => {
    const fault = verdict("firewall", "the firewall (inet t c) drops it", ["nft delete rule x"]);
    const broken = { paths: [pathWith("firewall")], verdict: fault };
    const other = { ...broken, verdict: { ...fault, fix: ["nft delete rule y"] } };
    const text = textOf({ nics: [nicAt(0, broken), nicAt(1, other), nicAt(2, broken)] });
    expect(text).toStartWith("No NIC reaches IMDS.\n");
    expect(text).toContain(
      "ens5, ens7: the firewall (inet t c) drops it.\n    nft delete rule x\n\n",
    );
    expect(text).toContain("ens6: the firewall (inet t c) drops it.\n    nft delete rule y\n");
  });

  test("--verbose adds a second line per NIC", () => {
    expect(textOf({ nics: [nicAt(0)], verbose: true }).split("\n")[4]).toBe(
      "    06:aa:bb:cc:dd:00, ena, 0000:00:05.0; rank 1: carrier, an address of its",
    );
  });

  test("several endpoints of a family have a column per address", () => {
    const paths = [pathWith("reached"), pathWith("refused", "http://10.0.0.1:8080")];
    expect(textOf({ nics: [nicAt(0, { paths })] }).split("\n")[2]).toBe(
      "NIC   STATE  169.254.169.254  10.0.0.1:8080  ADDRESSES",
    );
  });

  test("a NIC without carrier and a temporary lease are named", () => {
    const [own] = linkStateAt(0).addresses;
    const leased = own === undefined ? [] : [{ ...own, isTemporary: true as const }];
    const nics = [
      nicAt(0, { link: linkStateAt(0, { addresses: leased }) }),
      nicAt(1, { link: linkStateAt(1, { hasCarrier: false }), ...noAnswer }),
    ];
    expect(textOf({ nics })).toContain("  10.0.0.10 (lease)\nens6  no carrier  no-answer ");
  });

  test("no NIC gives a sentence without a table", () => {
    expect(textOf({})).toBe("There is no NIC through which IMDS could be reached.\n");
  });

  test("text wraps at 80 columns, a command is never wrapped", () => {
    const paste = `nft ${"x".repeat(100)}`;
    const long = verdict("firewall", `${"word ".repeat(40)}end`, [paste]);
    const lines = textOf({ nics: [nicAt(0, { verdict: long })] }).split("\n");
    expect(lines.filter((line) => line.length > 80)).toEqual([`    ${paste}`]);
  });

  test("many addresses wrap within their column", () => {
    const [own] = linkStateAt(0).addresses;
    const addresses = Array.from({ length: 9 }, (_, at) => `10.0.0.${at + 10}`).flatMap(
      (address) => (own === undefined ? [] : { ...own, address }),
    );
    const crowded = nicAt(0, { link: linkStateAt(0, { addresses }) });
    for (const columns of [60, 80, 200]) {
      const text = textOf({ nics: [crowded], columns });
      const lines = text.split("\n");
      expect(lines.every((line) => line.length <= Math.min(80, columns))).toBe(true);
      expect(text).toContain("10.0.0.18");
      expect(lines.find((line) => line.startsWith("  "))).toMatch(/^ {35}10\.0\.0\.1\d/);
    }
  });

  test("the note on other programs is at the end", () => {
    expect(textOf({ nics: [nicAt(0)], note })).toEndWith(
      "\n\nnote: curl does not reach it.\n    ip route append x\n",
    );
  });

  test("names after the eighth are counted", () => {
    const many = (count: number) => Array.from({ length: count }, (_, at) => nicAt(at, noAnswer));
    const bridges = Array.from({ length: 10 }, (_, at) => skipped("bridge", `br${at}`));
    const text = textOf({ nics: [...many(9), ...bridges] }).replaceAll("\n", " ");
    expect(text).toContain("ens11, ens12 and 1 other: no-answer.");
    expect(text).toMatch(/Not probed: (br\d \(a bridge\),? ){8}and 2 others\./);
    expect(textOf({ nics: many(8) })).toMatch(/ens11,\sens12: no-answer\./);
  });
});

describe("the row of kernel routing", () => {
  test("has no state and no addresses, and is first", () => {
    const asked = nicAt(0, { paths: [], verdict: verdict("not-asked") });
    expect(textOf({ nics: [asked], kernel: kernelAt("reached") }).split("\n")).toEqual([
      "IMDS answers through kernel routing.",
      "",
      "NIC             STATE  IPv4      ADDRESSES",
      "kernel routing  -      ok, 3 ms",
      "ens5            up     -         10.0.0.10, 2001:db8:0::10",
      "",
    ]);
  });

  test("is printed only with --verbose if NICs have the same result", () => {
    const same = { nics: [nicAt(0)], kernel: kernelAt("reached") };
    expect(textOf(same)).not.toContain("routing");
    expect(textOf({ ...same, verbose: true })).toContain("kernel routing  -      ok, 3 ms  -\n");
    expect(textOf({ ...same, verbose: true })).toStartWith("IMDS answers through ens5.\n");
    const failing = { nics: [nicAt(0, noAnswer)], kernel: kernelAt("no-answer") };
    expect(textOf(failing)).not.toContain("routing");
  });

  test("is printed if it reaches IMDS and no NIC does", () => {
    const text = textOf({ nics: [nicAt(0, noAnswer)], kernel: kernelAt("reached") });
    expect(text).toStartWith("IMDS answers through kernel routing, not through ens5.\n");
    expect(text).toContain("kernel routing  -      ok, 3 ms");
  });

  test("is printed if only NICs reach IMDS, and the note has the reason", () => {
    const text = textOf({ nics: [nicAt(0)], kernel: kernelAt("no-route"), note });
    expect(text).toStartWith("IMDS answers through ens5.\n");
    expect(text).toContain("kernel routing  -      no-route");
    expect(text).not.toContain("no-route by routing");
  });

  test("has its reason if there is no NIC", () => {
    expect(textOf({ kernel: kernelAt("no-answer") })).toContain(
      "kernel routing: no-answer by routing.",
    );
  });
});

describe("without a terminal", () => {
  test("each line has one fact, after the name of its NIC", () => {
    const results = { ...mixed, kernel: kernelAt("no-route"), note };
    expect(textOf({ ...results, columns: null }).split("\n")).toEqual([
      "IMDS answers through ens5, not through ens6.",
      "Note, why: curl does not reach it.",
      "Note, fix: ip route append x",
      "Kernel routing: IPv4 no-route.",
      "NIC ens5: up. IPv4 ok, 3 ms. IPv6 no-route, not needed. Addresses 10.0.0.10, 2001:db8:0::10.",
      "NIC ens6: down. No address.",
      "NIC ens6, why: it is down.",
      "NIC ens6, fix: ip link set dev ens6 up",
      "Not probed: docker0 (a bridge).",
      "",
    ]);
  });

  test("--verbose adds one line per NIC", () => {
    expect(textOf({ ...mixed, verbose: true, columns: null })).toContain(
      "NIC ens5, more: 06:aa:bb:cc:dd:00, ena, 0000:00:05.0; rank 1: carrier, an address of its own, driver ena\n",
    );
  });

  test("the lines are those of a terminal that is too narrow for the table", () => {
    expect(textOf({ ...mixed, columns: 40 })).toBe(textOf({ ...mixed, columns: null }));
  });
});

test.each([80, null])("control characters in a NIC's name are escaped (columns: %p)", (columns) => {
  const nic = nicAt(0, { link: { ...linkStateAt(0), name: "ens\u001b[2J" } });
  expect(textOf({ nics: [nic], columns })).toContain("ens\\x1b[2J");
});

test("fixes are in the order in which to try them, and each command is listed once", () => {
  const failing = (number: number, word: VerdictWord, fix: readonly string[] | null) =>
    nicAt(number, { paths: [pathWith(word)], verdict: verdict(word, word, fix) });
  const nics = [
    failing(0, "no-answer", ["aws"]),
    failing(1, "silent", null),
    failing(2, "down", ["ip link set up", "ip route append"]),
    failing(3, "firewall", ["nft delete", "ip route append"]),
  ];
  const results = { nics, kernel: null, note: verdict("no-route", "curl does not", ["note"]) };
  expect(orderFixes(results)).toEqual([
    { nic: null, commands: ["note"] },
    { nic: "ens8", commands: ["nft delete", "ip route append"] },
    { nic: "ens7", commands: ["ip link set up"] },
    { nic: "ens5", commands: ["aws"] },
  ]);
  const text = describeProbe(results, { verbose: false, columns: 80 });
  const order = ["note: ", "ens8: ", "ens7: ", "ens5: ", "ens6: "].map((name) =>
    text.indexOf(name),
  );
  expect(order).toEqual(order.toSorted((left, right) => left - right));
  expect(order).not.toContain(-1);
});
