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

function wayOf(word: VerdictWord, endpoint = "http://169.254.169.254") {
  const probe = { ...probeOf({ connect: "ok", token: "ok", read: "ok" }), endpoint };
  return { probe, pathFacts, verdict: verdict(word) };
}

const ipv6 = "http://[fd00:ec2::254]";
const nicAt = (number: number, changes: Partial<ProbedNic> = {}): ProbedNic => ({
  link: linkStateAt(number),
  rank: number + 1,
  reason: "carrier, an address of its own, driver ena",
  paths: [wayOf("reached"), wayOf("no-route", ipv6)],
  verdict: verdict("reached"),
  ...changes,
});

const linesOf = (nics: readonly ProbedNic[], verbose = false) =>
  describeProbe({ nics, kernel: null, note: null }, { verbose, columns: 80 }).split("\n");

test("all is well: a sentence and a table", () => {
  expect(linesOf([nicAt(0), nicAt(1)])).toEqual([
    "IMDS answers through ens5, ens6.",
    "",
    "NIC   STATE  IPv4      IPv6        ADDRESSES",
    "ens5  up     ok, 3 ms  (no-route)  10.0.0.10, 2001:db8:0::10",
    "ens6  up     ok, 3 ms  (no-route)  10.0.1.10, 2001:db8:1::10",
    "",
  ]);
});

test("trouble stands below, with what is to be pasted on lines of its own", () => {
  const link = linkStateAt(1, { isUp: false, hasCarrier: false, addresses: [] });
  const down = verdict("down", "it is down", ["ip link set dev ens6 up"]);
  const lines = linesOf([nicAt(0), nicAt(1, { link, paths: [wayOf("down")], verdict: down })]);
  expect(lines.slice(4)).toEqual([
    "ens6  down   -         -",
    "",
    "ens6: it is down.",
    "    ip link set dev ens6 up",
    "",
  ]);
});

test("the same trouble of several NICs is told once", () => {
  const trouble = verdict("firewall", "the firewall (inet t c) drops it", ["nft delete rule x"]);
  const broken = { paths: [wayOf("firewall")], verdict: trouble };
  const other = { ...broken, verdict: { ...trouble, fix: ["nft delete rule y"] } };
  const text = linesOf([nicAt(0, broken), nicAt(1, other), nicAt(2, broken)]).join("\n");
  expect(text).toStartWith("No NIC reaches IMDS.\n");
  expect(text).toContain(
    "ens5, ens7: the firewall (inet t c) drops it.\n    nft delete rule x\n\n",
  );
  expect(text).toContain("ens6: the firewall (inet t c) drops it.\n    nft delete rule y\n");
});

test("what is not asked is one line, without the loopback", () => {
  const skipped = (kind: "loopback" | "bridge", name: string): ProbedNic => ({
    ...nicAt(3, { rank: null, paths: [], reason: `a ${kind}` }),
    link: { ...linkStateAt(3), kind, name },
    verdict: verdict("not-a-candidate"),
  });
  const lines = linesOf([nicAt(0), skipped("bridge", "docker0"), skipped("loopback", "lo")]);
  expect(lines.slice(-3)).toEqual(["", "Not asked: docker0 (a bridge).", ""]);
});

test("--verbose has a second line per NIC", () => {
  expect(linesOf([nicAt(0)], true)[4]).toBe(
    "    06:aa:bb:cc:dd:00, ena, 0000:00:05.0; rank 1: carrier, an address of its",
  );
});

test("several endpoints of a family have their address as column", () => {
  const paths = [wayOf("reached"), wayOf("refused", "http://10.0.0.1:8080")];
  expect(linesOf([nicAt(0, { paths })])[2]).toBe(
    "NIC   STATE  169.254.169.254  10.0.0.1:8080  ADDRESSES",
  );
});

test("the kernel's routing is a row of its own", () => {
  const kernel = { link: "ens5", paths: [wayOf("reached")], verdict: verdict("reached") };
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

test("no NIC at all is a sentence", () => {
  expect(linesOf([])).toEqual(["There is no NIC through which IMDS could be reached.", ""]);
});

test("control characters of a name do not reach the terminal", () => {
  const link = { ...linkStateAt(0), name: "ens\u001b[2J" };
  expect(linesOf([nicAt(0, { link })]).join("\n")).toContain("ens\\x1b[2J");
});

test("prose keeps to 80 columns, a command is never broken", () => {
  const long = `${"word ".repeat(40)}end`;
  const paste = `nft ${"x".repeat(100)}`;
  const lines = linesOf([nicAt(0, { verdict: verdict("firewall", long, [paste]) })]);
  expect(lines.filter((line) => line.length > 80)).toEqual([`    ${paste}`]);
});

test("what keeps others from IMDS is a note at the end", () => {
  const note = verdict("no-route", "curl does not reach IMDS", ["ip route append x"]);
  const text = describeProbe(
    { nics: [nicAt(0)], kernel: null, note },
    { verbose: false, columns: 80 },
  );
  expect(text).toEndWith("\n\nnote: curl does not reach IMDS.\n    ip route append x\n");
});

const kernelAt = (word: VerdictWord) => ({
  link: "br0",
  paths: [wayOf(word)],
  verdict: verdict(word, `${word} by routing`),
});
const textOf = (nics: readonly ProbedNic[], word: VerdictWord, more = {}, verbose = false) =>
  describeProbe({ nics, kernel: kernelAt(word), note: null, ...more }, { verbose, columns: 80 });

test("the kernel's routing that comes to what the NICs do is no row without --verbose", () => {
  expect(textOf([nicAt(0)], "reached")).not.toContain("routing");
  const verbose = textOf([nicAt(0)], "reached", {}, true);
  expect(verbose).toContain("kernel routing  -      ok, 3 ms  -\n");
  expect(verbose).toStartWith("IMDS answers through ens5.\n");
  const broken = { paths: [wayOf("no-answer")], verdict: verdict("no-answer") };
  expect(textOf([nicAt(0, broken)], "no-answer")).not.toContain("routing");
});

test("the kernel's routing reaches it, and no NIC does: a row", () => {
  const broken = { paths: [wayOf("no-answer")], verdict: verdict("no-answer") };
  const text = textOf([nicAt(0, broken)], "reached");
  expect(text).toStartWith("IMDS answers through kernel routing, not through ens5.\n");
  expect(text).toContain("kernel routing  -      ok, 3 ms");
});

test("NICs reach it, and the kernel's routing does not: a row, and the note alone says why", () => {
  const text = textOf([nicAt(0)], "no-route", { note: verdict("no-route", "curl does not") });
  expect(text).toStartWith("IMDS answers through ens5.\n");
  expect(text).toContain("kernel routing  -      no-route");
  expect(text).not.toContain("no-route by routing");
  expect(text).toEndWith("\nnote: curl does not.\n");
});

test("no NIC is there, and the kernel's routing does not reach it: why", () => {
  expect(textOf([], "no-answer")).toContain("kernel routing: no-answer by routing.");
});

test("of more than eight names the rest is counted", () => {
  const trouble = { paths: [wayOf("no-answer")], verdict: verdict("no-answer") };
  const many = (count: number) => Array.from({ length: count }, (_, at) => nicAt(at, trouble));
  const bridges = Array.from({ length: 10 }, (_, at) => ({
    ...nicAt(at, { rank: null, reason: "a bridge" }),
    verdict: verdict("not-a-candidate"),
  }));
  const text = linesOf([...many(9), ...bridges]).join(" ");
  expect(text).toContain("ens11, ens12 and 1 other: no-answer.");
  expect(text).toMatch(/Not asked: (ens\d+ \(a bridge\),? ){8}and 2 others\./);
  expect(linesOf(many(8)).join(" ")).toContain("ens11, ens12: no-answer.");
});
