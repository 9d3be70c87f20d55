import { describe, expect, test } from "bun:test";
import activate from "../../../../src/commands/activate.ts";
import { Failure } from "../../../../src/exit.ts";
import type { Exec } from "../../../../src/host/host.ts";
import type { Scenario } from "../../../../scripts/simulator/scenario/scenario.ts";
import { addFiles, commandMachine } from "../../../kit/propagation/hotplug-machine.ts";

const routeFile = "/proc/net/route";
const interruptedRun = "/run/ec2nic/unfinished.json";
const fileOf = (end: string) => `/etc/systemd/network/60-ec2nic-06ec2a0000${end}.network`;
const running = "LoadState=loaded\nUnitFileState=enabled\nSubState=running\n";

/** /proc/net/route with a default route over `link`; null: without one. */
const routeTable = (link: string | null): string =>
  `Iface Destination Gateway Flags R U M Mask\n${link ?? "x"} ${link === null ? "01" : "00"}000000 0100000A 0003 0 0 512 00000000\n`;

interface Options {
  /** Called at each `networkctl reload`. */
  readonly onReload?: (setRoutes: (link: string | null) => void) => void;
  /** The output of `ip`, by a part of the command; default: an empty list. */
  readonly ip?: Readonly<Record<string, object>>;
  /** Whether systemd has reached network.target. */
  readonly isNetworkReached?: boolean;
  readonly imdsAnswers?: () => boolean;
  readonly scenario?: Scenario;
}

/** A running machine with networkd, systemd and a default route over ens5. */
function activateMachine(options: Options = {}) {
  const { ip = {}, isNetworkReached = true, imdsAnswers = () => true } = options;
  const fault = () => {
    if (imdsAnswers()) return null;
    throw new Failure("UNAVAILABLE", "no answer");
  };
  const { scenario = { enis: [{ device: 0 }, { device: 1 }] } } = options;
  const machine = commandMachine(activate, { fault, scenario });
  const setRoutes = (link: string | null) =>
    addFiles(machine.disk, { [routeFile]: routeTable(link) });
  addFiles(machine.disk, { "/run/systemd/system/x": "", "/image/etc/x": "" });
  setRoutes("ens5");
  const commands: string[] = [];
  const exec: Exec = async (argv) => {
    const command = argv.join(" ");
    if (!/^ip .* show|^systemctl|^nmcli|^networkctl --version/.test(command))
      commands.push(command);
    if (command === "networkctl reload") options.onReload?.(setRoutes);
    const isUnit = command.startsWith("systemctl show") && command.includes("networkd");
    const [, json = []] = Object.entries(ip).find(([part]) => command.includes(part)) ?? [];
    const code = command.startsWith("systemctl is-active") && !isNetworkReached ? 3 : 0;
    return { code, isStarted: true, stderr: "", stdout: isUnit ? running : JSON.stringify(json) };
  };
  const run = (...args: readonly string[]) => machine.runAs({ exec }, ...args);
  return { ...machine, run, exec, commands };
}

const network = ["--stage", "network"];

const defaultRoute = { dst: "default", gateway: "10.0.0.1", protocol: "16" };

/** What the kernel shows after DHCP has set the primary addresses. */
const leased = {
  address: ["10.0.0.10", "10.0.1.10"].map((local, at) => ({
    ifname: `ens${at + 5}`,
    addr_info: [{ local, prefixlen: 24 }],
  })),
  "-4 route": [{ ...defaultRoute, dev: "ens5", table: "254", metric: 512 }],
};

describe("activate on a running machine", () => {
  test("writes the files, reloads networkd, records the NICs, and then only repairs the kernel", async () => {
    const { run, commands, files, disk } = activateMachine({ ip: leased });
    expect(await run(...network)).toMatchObject({
      code: 0,
      messages: [
        "info: ens5 eni-0ec2006ec2a000000: configured",
        "info: ens6 eni-0ec2006ec2a000001: configured",
      ],
    });
    expect(commands.splice(0)).toEqual(["networkctl reload"]);
    expect([disk.has(fileOf("00")), disk.has(fileOf("01"))]).toEqual([true, true]);
    expect(disk.has(interruptedRun)).toBe(false);
    const records = () => JSON.parse(files.textAt("/run/ec2nic/nics.json") ?? "");
    expect(records()).toMatchObject([
      { mac: "06:ec:2a:00:00:00", name: "ens5", foundUnchanged: false },
      { mac: "06:ec:2a:00:00:01", name: "ens6", foundUnchanged: false },
    ]);
    // this kernel has no table and no rules for ens6
    const { code, messages } = await run(...network);
    expect(code).toBe(0);
    expect(messages).toContain("info: ens6 eni-0ec2006ec2a000001: unchanged");
    expect(messages).toContain(
      "info: repaired: ens6: rule 3801 from 10.0.1.10 lookup 10001 is missing",
    );
    expect(commands).not.toContain("networkctl reload");
    expect(commands).toContain(
      "ip -4 rule add priority 3801 table 10001 from 10.0.1.10/32 protocol static",
    );
    expect(records()).toMatchObject([{ foundUnchanged: true }, { foundUnchanged: true }]);
  });

  test("ends with 75 where another process changes the machine for at least two seconds", async () => {
    const { runAs, exec, commands } = activateMachine();
    const busy = { exec, takeLock: async () => null };
    const { code, ms } = await runAs(busy, ...network, "--timeout", "1s");
    expect({ code, ms, commands }).toEqual({ code: 75, ms: 2000, commands: [] });
  });
});

describe("activate restores the old files and exits with 71 where", () => {
  test("the default route of the primary NIC is lost", async () => {
    const machine = activateMachine({ onReload: (setRoutes) => setRoutes(null) });
    const { code, messages } = await machine.run(...network);
    expect(code).toBe(71);
    expect(messages.join("\n")).toContain("the ipv4 default route over ens5 is gone");
    expect(machine.disk.has(fileOf("00"))).toBe(false);
    expect(machine.commands).toEqual(["networkctl reload", "networkctl reload"]);
  });

  test("IMDS no longer answers", async () => {
    let isReloaded = false;
    const { run, disk } = activateMachine({
      onReload: () => (isReloaded = true),
      imdsAnswers: () => !isReloaded,
    });
    const { code, messages } = await run(...network);
    expect(code).toBe(71);
    expect(messages.join("\n")).toContain("IMDS no longer answers");
    expect(disk.has(fileOf("00"))).toBe(false);
  });

  // nothing is sent: the machine is in memory
  test("IMDS answers through a NIC, but no longer over the kernel's routing", async () => {
    let isReloaded = false;
    const { runAs, exec, disk, fetch } = activateMachine({ onReload: () => (isReloaded = true) });
    const http = {
      fetch: (url: string) => (isReloaded ? Promise.reject(new Error("no route")) : fetch(url)),
      canConnect: null,
    };
    const address = { nic: "ens5", family: "ipv4", address: "10.0.0.10" } as const;
    const changes = {
      exec,
      http,
      addresses: () => [{ ...address, prefixLength: 24, scopeId: 0 }],
      bind: async () => ({ ...http, fetch, tryConnect: async () => {}, close: () => {} }),
    };
    const flags = [...network, "--endpoint", "http://169.254.169.254"];
    const { code, messages } = await runAs(changes, ...flags);
    expect(code).toBe(71);
    expect(messages.join("\n")).toContain("IMDS no longer answers");
    expect(disk.has(fileOf("00"))).toBe(false);
  });

  test("a killed run lost the default route, and this run does not bring it back", async () => {
    const { run, disk, files } = activateMachine();
    const previous = [
      { path: fileOf("00"), content: "# older\n", mode: 0o644, mac: "06:ec:2a:00:00:00" },
    ];
    const reachability = { link: "ens5", routes: { ipv4: true, ipv6: false } };
    addFiles(disk, {
      [routeFile]: routeTable(null),
      [interruptedRun]: JSON.stringify({ previous, reachability }),
    });
    expect((await run(...network)).code).toBe(71);
    expect(files.textAt(fileOf("00"))).toBe("# older\n");
    expect(disk.has(interruptedRun)).toBe(false);
  });

  // the primary NIC is unmanaged, so no plan and no file names it
  test("the default route with the best metric in the main table is lost", async () => {
    const routes = [
      { ...defaultRoute, dev: "ens6", table: "10001" },
      { ...defaultRoute, dev: "ens6", table: "254", metric: 600 },
      { ...defaultRoute, dev: "ens5", table: "254", metric: 512 },
    ];
    const { run, disk } = activateMachine({
      ip: { "-4 route": routes },
      onReload: (setRoutes) => setRoutes("ens6"),
    });
    addFiles(disk, { "/etc/ec2nic/unmanaged": "ens5\n" });
    const { code, messages } = await run(...network);
    expect(code).toBe(71);
    expect(messages.join("\n")).toContain("the ipv4 default route over ens5 is gone");
  });
});

describe("a run that changes nothing", () => {
  const busy = { takeLock: async () => null };

  test.each(["--dry-run", "--check"])("%s takes no lock and runs no command", async (flag) => {
    const { runAs, exec, commands, disk } = activateMachine();
    const before = [...disk.keys()];
    const { code, text } = await runAs({ ...busy, exec }, flag, ...network);
    expect(code).toBe(flag === "--check" ? 1 : 0);
    expect(text).toContain(fileOf("01"));
    expect({ commands, paths: [...disk.keys()] }).toEqual({ commands: [], paths: before });
  });

  test("--check of an image compares only files, and exits with 1 if one differs", async () => {
    const { run, disk } = activateMachine();
    const image = ["--root", "/image"];
    expect((await run(...image)).code).toBe(0);
    expect(await run(...image, "--check")).toMatchObject({ code: 0, text: "no difference\n" });
    disk.delete(`/image${fileOf("01")}`);
    const { code, text } = await run(...image, "--check");
    expect({ code, text }).toEqual({ code: 1, text: expect.stringContaining(fileOf("01")) });
  });
});

test.each([
  ["network, because systemd has reached network.target", {}, "auto", "/"],
  [
    "local, because systemd has not reached network.target",
    { isNetworkReached: false },
    "auto",
    "/",
  ],
  ["network, because --stage was given", { isNetworkReached: false }, "network", "/"],
  ["local, because --root is not this machine", {}, "network", "/image"],
] as const)("the stage is %s", async (reason, options, stage, root) => {
  const { run } = activateMachine(options);
  const { text } = await run("--dry-run", "--json", "--stage", stage, "--root", root);
  const { plan } = JSON.parse(text);
  expect(plan.reasons).toContain(`stage ${reason}`);
  expect(plan.steps.length > 0).toBe(reason.startsWith("network"));
});

test("the stage is local without systemd", async () => {
  const { run, disk } = activateMachine();
  disk.delete("/run/systemd/system/x");
  const { lines } = await run("--stage", "auto");
  expect(lines).toContain("verbose: stage local, because systemd is not running");
});
