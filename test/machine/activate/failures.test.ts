import { expect } from "bun:test";
import { expectNoDifference } from "../../kit/machine/checks/nothing-to-do.ts";
import { images } from "../../kit/machine/images.ts";
import { type TestInstance, startInstance } from "../../kit/machine/vpc/instance.ts";
import { machineTest } from "../../kit/machine/machine-test.ts";
import { untilAddresses } from "../../kit/machine/checks/until-addresses.ts";

const testMachine = machineTest();

const enis = [
  { device: 0, ipv4: ["10.0.0.10"] },
  { device: 1, ipv4: ["10.0.1.10"] },
];
const { networkd, "network-manager": manager } = images;

/**
 * A wrapper that comes before a program in PATH. At the first call with fitting arguments it removes
 * itself and runs `first`.
 */
const wrapperOf = (program: string, pattern: string, first: string) => ({
  content: `#!/bin/sh\ncase "$*" in\n${pattern}) rm -f "$0"; ${first} ;;\nesac\nexec ${program} "$@"\n`,
  mode: 0o755,
});

/**
 * networkctl, whose first reload is followed by the loss of the default route, as often as it comes
 * back. The second reload is that of the roll-back, which ends this before it restores the route.
 */
const withoutRoute = `#!/bin/sh
if [ "$*" = reload ] && ! [ -e /run/losing ]; then
  touch /run/losing /run/loses
  /usr/bin/networkctl reload
  (
    while [ -e /run/loses ]; do ip route del default dev ens5; sleep 0.2; done
    touch /run/lost
  ) >/dev/null 2>&1 </dev/null &
  exit 0
fi
if [ "$*" = reload ] && [ -e /run/loses ]; then
  rm /run/loses
  until [ -e /run/lost ]; do sleep 0.1; done
fi
exec /usr/bin/networkctl "$@"
`;

/** Asserts that IMDS is reached, and that the next run configures the machine. */
async function expectRecovery({ machine }: TestInstance): Promise<void> {
  expect((await machine.exec(["ec2nic", "fetch", "instance-id"])).code).toBe(0);
  const next = await machine.exec(["ec2nic", "activate", "--json"]);
  expect({ code: next.code, stderr: next.stderr }).toMatchObject({ code: 0 });
  await untilAddresses(machine, ["10.0.0.10", "10.0.1.10"]);
  await expectNoDifference(machine);
}

testMachine(
  "activate exits with 71 and restores the old files where the default route is lost",
  async () => {
    const files = {
      ...networkd.files,
      "/usr/local/bin/networkctl": { content: withoutRoute, mode: 0o755 },
    };
    await using instance = await startInstance({ enis, ...networkd, files });
    const { machine } = instance;
    await untilAddresses(machine, ["10.0.0.10"]);
    const { code, stderr } = await machine.exec(["ec2nic", "activate"]);
    expect({ code, stderr }).toEqual({
      code: 71,
      stderr: expect.stringContaining("the ipv4 default route over ens5 is gone"),
    });
    expect((await machine.run(["ls", "/etc/systemd/network"])).trim()).toBe("99-image.network");
    await machine.until("the route is back", async () => {
      return (await machine.run(["ip", "route"])).includes("default via 10.0.0.1 dev ens5");
    });
    await expectRecovery(instance);
  },
);

testMachine(
  "activate ends an nmcli that hangs, exits with 71, and keeps the machine reachable",
  async () => {
    const files = {
      "/usr/local/bin/nmcli": wrapperOf("/usr/bin/nmcli", "*up*|*reapply*|*load*", "sleep 600"),
    };
    await using instance = await startInstance({ enis, ...manager, files });
    const { machine } = instance;
    await untilAddresses(machine, ["10.0.0.10"]);
    const startMs = performance.now();
    const { code, stderr } = await machine.exec([
      "ec2nic",
      "activate",
      "--backend",
      "network-manager",
    ]);
    console.log(
      `nmcli hung: exited with ${code} after ${Math.round((performance.now() - startMs) / 1000)} s`,
    );
    expect({ code, stderr }).toMatchObject({ code: 71 });
    await expectRecovery(instance);
  },
);

testMachine(
  "the machine stays reachable where NetworkManager is killed, and the next run configures it",
  async () => {
    const files = {
      "/usr/local/bin/nmcli": wrapperOf(
        "/usr/bin/nmcli",
        "*up*|*reapply*",
        "systemctl kill -s KILL NetworkManager",
      ),
    };
    await using instance = await startInstance({ enis, ...manager, files });
    const { machine } = instance;
    await untilAddresses(machine, ["10.0.0.10"]);
    const { code } = await machine.exec(["ec2nic", "activate", "--backend", "network-manager"]);
    console.log(`NetworkManager was killed: exited with ${code}`);
    expect([0, 71]).toContain(code);
    await machine.until(
      "NetworkManager is back",
      async () => (await machine.exec(["nmcli", "general"])).code === 0,
    );
    await untilAddresses(machine, ["10.0.0.10"]);
    await expectRecovery(instance);
  },
);

testMachine(
  "activate --check names a deleted file, and activate writes only that file",
  async () => {
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
    );
  },
);
