import { expect, test } from "bun:test";
import type { ProbedNic, VerdictWord } from "../../../src/model/probe.ts";
import { describeProbe } from "../../../src/probe/table.ts";
import { pathEvidence, linkStateAt, probeOf } from "../../kit/facts/path-evidence.ts";

const { pathFacts } = pathEvidence();
const verdict = (word: VerdictWord, text: string = word, fix: readonly string[] | null = null) => ({
  word,
  text,
  fix: fix,
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

const linesOf = (nics: readonly ProbedNic[], verbose = false) =>
  describeProbe({ nics, kernel: null, note: null }, { verbose, columns: 80 }).split("\n");

test("NICs that reach IMDS have a sentence and a table", () => {
  expect(linesOf([nicAt(0), nicAt(1)])).toEqual([
    "IMDS answers through ens5, ens6.",
    "",
    "NIC   STATE  IPv4      IPv6        ADDRESSES",
    "ens5  up     ok, 3 ms  (no-route)  10.0.0.10, 2001:db8:0::10",
    "ens6  up     ok, 3 ms  (no-route)  10.0.1.10, 2001:db8:1::10",
    "",
  ]);
});

test("a fault is below the table, with each command on its own line", () => {
  const link = linkStateAt(1, { isUp: false, hasCarrier: false, addresses: [] });
  const down = verdict("down", "it is down", ["ip link set dev ens6 up"]);
  const lines = linesOf([nicAt(0), nicAt(1, { link, paths: [pathWith("down")], verdict: down })]);
  expect(lines.slice(4)).toEqual([
    "ens6  down   -         -",
    "",
    "ens6: it is down.",
    "    ip link set dev ens6 up",
    "",
  ]);
});

test("the same fault of several NICs is printed once", () => {
  const fault = verdict("firewall", "the firewall (inet t c) drops it", ["nft delete rule x"]);
  const broken = { paths: [pathWith("firewall")], verdict: fault };
  const other = { ...broken, verdict: { ...fault, fix: ["nft delete rule y"] } };
  const text = linesOf([nicAt(0, broken), nicAt(1, other), nicAt(2, broken)]).join("\n");
  expect(text).toStartWith("No NIC reaches IMDS.\n");
  expect(text).toContain(
    "ens5, ens7: the firewall (inet t c) drops it.\n    nft delete rule x\n\n",
  );
  expect(text).toContain("ens6: the firewall (inet t c) drops it.\n    nft delete rule y\n");
});

test("the NICs that are not asked are one line, without the loopback", () => {
  const skipped = (kind: "loopback" | "bridge", name: string): ProbedNic => ({
    ...nicAt(3, { rank: null, paths: [], reason: `a ${kind}` }),
    link: { ...linkStateAt(3), kind, name },
    verdict: verdict("not-a-candidate"),
  });
  const lines = linesOf([nicAt(0), skipped("bridge", "docker0"), skipped("loopback", "lo")]);
  expect(lines.slice(-3)).toEqual(["", "Not probed: docker0 (a bridge).", ""]);
});

test("--verbose adds a second line per NIC", () => {
  expect(linesOf([nicAt(0)], true)[4]).toBe(
    "    06:aa:bb:cc:dd:00, ena, 0000:00:05.0; rank 1: carrier, an address of its",
  );
});

test("several endpoints of a family have a column per address", () => {
  const paths = [pathWith("reached"), pathWith("refused", "http://10.0.0.1:8080")];
  expect(linesOf([nicAt(0, { paths })])[2]).toBe(
    "NIC   STATE  169.254.169.254  10.0.0.1:8080  ADDRESSES",
  );
});

test("kernel routing has its own row", () => {
  const kernel = { link: "ens5", paths: [pathWith("reached")], verdict: verdict("reached") };
  const asked = nicAt(0, { paths: [], verdict: verdict("not-asked") });
  const lines = describeProbe(
    { nics: [asked], kernel, note: null },
    { verbose: false, columns: 80 },
  ).split("\n");
  expect(lines).toEqual([
    "IMDS answers through kernel routing.",
    "",
    "NIC             STATE  IPv4      ADDRESSES",
    "kernel routing  -      ok, 3 ms",
    "ens5            up     -         10.0.0.10, 2001:db8:0::10",
    "",
  ]);
});

test("no NIC gives a sentence without a table", () => {
  expect(linesOf([])).toEqual(["There is no NIC through which IMDS could be reached.", ""]);
});

test("control characters in a NIC's name are escaped", () => {
  const link = { ...linkStateAt(0), name: "ens\u001b[2J" };
  expect(linesOf([nicAt(0, { link })]).join("\n")).toContain("ens\\x1b[2J");
});

test("text wraps at 80 columns, a command is never wrapped", () => {
  const long = `${"word ".repeat(40)}end`;
  const paste = `nft ${"x".repeat(100)}`;
  const lines = linesOf([nicAt(0, { verdict: verdict("firewall", long, [paste]) })]);
  expect(lines.filter((line) => line.length > 80)).toEqual([`    ${paste}`]);
});

test("the note on other programs is at the end", () => {
  const note = verdict("no-route", "curl does not reach IMDS", ["ip route append x"]);
  const text = describeProbe(
    { nics: [nicAt(0)], kernel: null, note },
    { verbose: false, columns: 80 },
  );
  expect(text).toEndWith("\n\nnote: curl does not reach IMDS.\n    ip route append x\n");
});

const kernelAt = (word: VerdictWord) => ({
  link: "br0",
  paths: [pathWith(word)],
  verdict: verdict(word, `${word} by routing`),
});
const textOf = (nics: readonly ProbedNic[], word: VerdictWord, more = {}, verbose = false) =>
  describeProbe({ nics, kernel: kernelAt(word), note: null, ...more }, { verbose, columns: 80 });

test("kernel routing with the same result as the NICs has a row only with --verbose", () => {
  expect(textOf([nicAt(0)], "reached")).not.toContain("routing");
  const verbose = textOf([nicAt(0)], "reached", {}, true);
  expect(verbose).toContain("kernel routing  -      ok, 3 ms  -\n");
  expect(verbose).toStartWith("IMDS answers through ens5.\n");
  const broken = { paths: [pathWith("no-answer")], verdict: verdict("no-answer") };
  expect(textOf([nicAt(0, broken)], "no-answer")).not.toContain("routing");
});

test("kernel routing has a row if it reaches IMDS and no NIC does", () => {
  const broken = { paths: [pathWith("no-answer")], verdict: verdict("no-answer") };
  const text = textOf([nicAt(0, broken)], "reached");
  expect(text).toStartWith("IMDS answers through kernel routing, not through ens5.\n");
  expect(text).toContain("kernel routing  -      ok, 3 ms");
});

test("kernel routing has a row if only NICs reach IMDS, and the note has the reason", () => {
  const text = textOf([nicAt(0)], "no-route", { note: verdict("no-route", "curl does not") });
  expect(text).toStartWith("IMDS answers through ens5.\n");
  expect(text).toContain("kernel routing  -      no-route");
  expect(text).not.toContain("no-route by routing");
  expect(text).toEndWith("\nnote: curl does not.\n");
});

test("without a NIC the reason for kernel routing is printed", () => {
  expect(textOf([], "no-answer")).toContain("kernel routing: no-answer by routing.");
});

test("names after the eighth are counted", () => {
  const broken = { paths: [pathWith("no-answer")], verdict: verdict("no-answer") };
  const many = (count: number) => Array.from({ length: count }, (_, at) => nicAt(at, broken));
  const bridges = Array.from({ length: 10 }, (_, at) => ({
    ...nicAt(at, { rank: null, reason: "a bridge" }),
    verdict: verdict("not-a-candidate"),
  }));
  const text = linesOf([...many(9), ...bridges]).join(" ");
  expect(text).toContain("ens11, ens12 and 1 other: no-answer.");
  expect(text).toMatch(/Not probed: (ens\d+ \(a bridge\),? ){8}and 2 others\./);
  expect(linesOf(many(8)).join(" ")).toContain("ens11, ens12: no-answer.");
});
