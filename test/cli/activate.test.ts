import { expect, setDefaultTimeout, test } from "bun:test";
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Scenario } from "../../scripts/simulator/scenario/scenario.ts";
import { startSimulator } from "../../scripts/simulator/start.ts";
import { runEc2nic } from "../kit/program/run-ec2nic.ts";
import { temporaryFolder } from "../kit/basics/temporary-folder.ts";
import { testLimitMs } from "../kit/basics/busy-machine.ts";

setDefaultTimeout(testLimitMs);

const primary = "06:ec:2a:00:00:00";
const second = "06:ec:2a:00:00:01";
const fileOf = (mac: string) => `etc/netplan/60-ec2nic-${mac.replaceAll(":", "")}.yaml`;
const twoEnis: Scenario = { enis: [{ device: 0 }, { device: 1, dualStack: true }] };

/** Runs `activate` twice below a temporary root, which `prepare` may fill before. */
async function activate(
  scenario: Scenario,
  args: readonly string[] = [],
  prepare: (root: string) => void = () => undefined,
) {
  await using simulator = await startSimulator({ scenario });
  using folder = temporaryFolder();
  const root = folder.path;
  prepare(root);
  const command = ["activate", "--stage", "local", "--backend", "netplan", "--root", root];
  const run = (more: readonly string[] = []) =>
    runEc2nic({ args: [...command, "--endpoint", simulator.url, ...args, ...more] });
  const first = await run();
  const written = filesBelow(root);
  const again = await run();
  return { ...first, written, again, rewritten: filesBelow(root), requests: simulator.requests };
}

function filesBelow(root: string): Readonly<Record<string, string>> {
  const entries = readdirSync(root, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  return Object.fromEntries(
    files.map(({ parentPath, name }) => {
      const path = join(parentPath, name);
      const { mtimeMs, ino, mode } = statSync(path);
      const state = `${(mode & 0o7777).toString(8)} ${ino} ${mtimeMs}`;
      return [path.slice(root.length + 1), `${state}\n${readFileSync(path, "utf8")}`];
    }),
  );
}

test("activate writes one file with mode 0600 per NIC; a second run changes nothing", async () => {
  const { code, text, written, again, rewritten } = await activate(twoEnis);
  expect({ code, text }).toEqual({ code: 0, text: "" });
  expect(Object.keys(written)).toEqual(expect.arrayContaining([fileOf(primary), fileOf(second)]));
  expect(written[fileOf(second)]).toStartWith("600 ");
  expect(again.code).toBe(0);
  expect(again.stderr).toContain(`${second} eni-0ec2006ec2a000001: unchanged`);
  expect(rewritten).toEqual(written);
});

test("--json prints one object with the requests and the outcome of each NIC", async () => {
  const { text, again } = await activate(twoEnis, ["--json"]);
  expect(JSON.parse(text)).toMatchObject({
    command: "activate",
    outcome: "configured",
    dryRun: false,
    imds: { requests: expect.any(Number), retries: 0, interface: null },
    nics: expect.arrayContaining([
      { mac: primary, name: null, eni: "eni-0ec2006ec2a000000", outcome: "configured" },
    ]),
  });
  expect(JSON.parse(again.text)).toMatchObject({
    outcome: "unchanged",
    plan: { write: [], remove: [] },
  });
});

test("--metadata rejects a file that does not contain an instance's metadata", async () => {
  using folder = temporaryFolder();
  const file = join(folder.path, "m.json");
  const local = ["activate", "--stage", "local", "--backend", "netplan", "--root", folder.path];
  const cases = [
    { content: null, code: 66, message: "there is no such file" },
    { content: "{}", code: 65, message: "meta-data/mac is missing" },
    { content: '{"mac":"06:ec:2a:00:00:00"}', code: 65, message: "macs/ is empty" },
    { content: "[1]", code: 65, message: "not a tree" },
    { content: "{", code: 65, message: "does not contain metadata" },
  ];
  for (const { content, code, message } of cases) {
    if (content !== null) writeFileSync(file, content);
    const endpoint = ["--endpoint", "http://127.0.0.1:9"];
    const run = await runEc2nic({ args: [...local, ...endpoint, "--metadata", file] });
    expect({ content, code: run.code }).toEqual({ content, code });
    expect(run.stderr).toContain(message);
  }
});

test("--metadata configures an image from fetch's output, without a request", async () => {
  await using simulator = await startSimulator({ scenario: twoEnis });
  using folder = temporaryFolder();
  const file = join(folder.path, "m.json");
  await runEc2nic({ args: ["fetch", "--json", "--output", file, "--endpoint", simulator.url] });
  simulator.clearRequests();
  const local = ["activate", "--stage", "local", "--backend", "netplan", "--root", folder.path];
  const run = await runEc2nic({
    args: [...local, "--metadata", file, "--endpoint", simulator.url],
  });
  expect({ code: run.code, requests: simulator.requests.length }).toEqual({ code: 0, requests: 0 });
  expect(readdirSync(join(folder.path, "etc/netplan"))).toHaveLength(2);
});

test("activate requests each leaf and folder once, with one token", async () => {
  const { requests } = await activate(twoEnis, ["--dry-run"]);
  const paths = requests
    .slice(0, requests.length / 2)
    .map(({ method, path }) => `${method} ${path}`);
  expect(new Set(paths).size).toBe(paths.length);
  expect(paths.filter((path) => path.startsWith("PUT"))).toHaveLength(1);
});

test("--offline sends no request, keeps the NICs' files, and sets up NetworkManager's DNS", async () => {
  const nicFile = "# written by ec2nic\nnetwork: {version: 2}\n";
  const texts = {
    "etc/resolv.conf": "nameserver 10.0.0.2\n",
    "usr/lib/systemd/system/NetworkManager.service": "",
    [fileOf("06:ec:2a:00:00:77")]: nicFile,
  };
  const run = await activate(twoEnis, ["--offline"], (root) => {
    for (const [path, text] of Object.entries(texts)) {
      mkdirSync(join(root, path, ".."), { recursive: true });
      writeFileSync(join(root, path), text);
    }
  });
  expect({ code: run.code, requests: run.requests }).toEqual({ code: 0, requests: [] });
  expect(run.written["etc/NetworkManager/conf.d/90-ec2nic-dns.conf"]).toContain("dns=none");
  expect(run.written[fileOf("06:ec:2a:00:00:77")]).toContain(nicFile);
  expect(run.rewritten).toEqual(run.written);
});
