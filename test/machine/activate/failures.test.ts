import { beforeAll, expect, setDefaultTimeout } from "bun:test";
import { type TestInstance, startInstance } from "../../kit/machine/vpc/instance.ts";
import { machineMissing } from "../../kit/machine/missing.ts";
import { rootFileSystem } from "../../kit/machine/root-file-system.ts";
import { untilAddresses } from "../../kit/machine/checks/until-addresses.ts";
import { testUnless } from "../../kit/basics/skip.ts";

setDefaultTimeout(240_000);
const missing = machineMissing();
const testMachine = testUnless(missing);
beforeAll(async () => void (missing ?? (await rootFileSystem("bookworm"))), 600_000);

const enis = [
  { device: 0, ipv4: ["10.0.0.10"] },
  { device: 1, ipv4: ["10.0.1.10"] },
];
const networkd = {
  enable: ["systemd-networkd.service"],
  files: { "/etc/systemd/network/99-image.network": "[Match]\nName=ens*\n\n[Network]\nDHCP=yes\n" },
};
const manager = { enable: ["NetworkManager.service"], files: {} };

/** Stands before a program: does `first` when its arguments fit, and is gone afterwards. */
const inFrontOf = (program: string, pattern: string, first: string) => ({
  content: `#!/bin/sh\ncase "$*" in\n${pattern}) rm -f "$0"; ${first} ;;\nesac\nexec ${program} "$@"\n`,
  mode: 0o755,
});

/** Whatever happened: IMDS is reached, and the next run finishes the work. */
async function expectRecovery({ machine }: TestInstance): Promise<void> {
  expect((await machine.exec(["ec2nic", "fetch", "instance-id"])).code).toBe(0);
  const next = await machine.exec(["ec2nic", "activate", "--json"]);
  expect({ code: next.code, stderr: next.stderr }).toMatchObject({ code: 0 });
  await untilAddresses(machine, ["10.0.0.10", "10.0.1.10"]);
  const check = await machine.exec(["ec2nic", "activate", "--check"]);
  expect(check.stdout).toBe("no difference\n");
}

testMachine(
  "the new configuration kills the default route: 71, the old one is back and it stands",
  async () => {
    // for less than the 20 s that activate waits for the route: nobody brings it back but the way back
    const loop = "while :; do ip route del default dev ens5; sleep 0.2; done";
    const kill = `/usr/bin/networkctl reload; timeout 18 sh -c '${loop}' >/dev/null 2>&1 </dev/null & exit 0`;
    const files = {
      ...networkd.files,
      "/usr/local/bin/networkctl": inFrontOf("/usr/bin/networkctl", "reload", kill),
    };
    await using instance = await startInstance({ enis, ...networkd, files });
    const { machine } = instance;
    await untilAddresses(machine, ["10.0.0.10"]);
    const { code, stderr } = await machine.exec(["ec2nic", "activate"], { timeoutMs: 90_000 });
    expect({ code, stderr }).toEqual({
      code: 71,
      stderr: expect.stringContaining("the ipv4 default route over ens5 is gone"),
    });
    expect((await machine.run(["ls", "/etc/systemd/network"])).trim()).toBe("99-image.network");
    await machine.until(
      "the route is back",
      async () => {
        return (await machine.run(["ip", "route"])).includes("default via 10.0.0.1 dev ens5");
      },
      30_000,
    );
    await expectRecovery(instance);
  },
);

testMachine("nmcli hangs: it is ended, 71, and the machine is reachable", async () => {
  const files = {
    "/usr/local/bin/nmcli": inFrontOf("/usr/bin/nmcli", "*up*|*reapply*|*load*", "sleep 600"),
  };
  await using instance = await startInstance({ enis, ...manager, files });
  const { machine } = instance;
  await untilAddresses(machine, ["10.0.0.10"]);
  const startMs = performance.now();
  const { code, stderr } = await machine.exec(
    ["ec2nic", "activate", "--backend", "network-manager"],
    { timeoutMs: 180_000 },
  );
  console.log(
    `nmcli hung: ended with ${code} after ${Math.round((performance.now() - startMs) / 1000)} s`,
  );
  expect({ code, stderr }).toMatchObject({ code: 71 });
  await expectRecovery(instance);
});

testMachine(
  "NetworkManager dies in the middle: the machine is reachable, and the next run finishes",
  async () => {
    const files = {
      "/usr/local/bin/nmcli": inFrontOf(
        "/usr/bin/nmcli",
        "*up*|*reapply*",
        "systemctl kill -s KILL NetworkManager",
      ),
    };
    await using instance = await startInstance({ enis, ...manager, files });
    const { machine } = instance;
    await untilAddresses(machine, ["10.0.0.10"]);
    const { code } = await machine.exec(["ec2nic", "activate", "--backend", "network-manager"], {
      timeoutMs: 180_000,
    });
    console.log(`NetworkManager died: ended with ${code}`);
    expect([0, 71]).toContain(code);
    await machine.until(
      "NetworkManager is back",
      async () => (await machine.exec(["nmcli", "general"])).code === 0,
      30_000,
    );
    await untilAddresses(machine, ["10.0.0.10"]);
    await expectRecovery(instance);
  },
);

testMachine("a file that somebody deleted: named, and only it comes back", async () => {
  await using instance = await startInstance({ enis, ...networkd });
  const { machine } = instance;
  await untilAddresses(machine, ["10.0.0.10"]);
  await machine.run(["ec2nic", "activate"]);
  await untilAddresses(machine, ["10.0.0.10", "10.0.1.10"]);
  const file = "/etc/systemd/network/60-ec2nic-06ec2a000001.network";
  await machine.remove(file);
  const check = await machine.exec(["ec2nic", "activate", "--check"]);
  expect({ code: check.code, stdout: check.stdout }).toEqual({
    code: 1,
    stdout: expect.stringContaining(file),
  });
  const again = JSON.parse(await machine.run(["ec2nic", "activate", "--json"]));
  expect(again.plan.write.map(({ path }: { path: string }) => path)).toEqual([file]);
  await machine.until(
    "no difference",
    async () => (await machine.exec(["ec2nic", "activate", "--check"])).code === 0,
    10_000,
  );
});
