import { expect } from "bun:test";
import { machineTest } from "../../kit/machine/machine-test.ts";
import { images } from "../../kit/machine/images.ts";
import { untilAddresses } from "../../kit/machine/checks/until-addresses.ts";
import { startInstance, type TestInstance } from "../../kit/machine/vpc/instance.ts";

const testTrixie = machineTest("trixie");

const enis = [{ device: 0 }, { device: 1, ipv4: ["10.0.1.10", "10.0.1.11"] }];

async function run({ machine }: TestInstance, ...argv: readonly string[]) {
  const { code, stdout, stderr } = await machine.exec(["ec2nic", ...argv], { timeoutMs: 120_000 });
  return { code, text: stdout + stderr };
}

// Debian and Ubuntu write this list where networkd has the Ethernet NICs. ec2nic chose
// NetworkManager all the same, whose `connection up` failed: 71 at each run.
testTrixie(
  "both daemons run, and conf.d keeps NetworkManager from Ethernet: networkd",
  async () => {
    const path = "/etc/NetworkManager/conf.d/10-globally-managed-devices.conf";
    await using instance = await startInstance({
      suite: "trixie",
      enis,
      enable: ["systemd-networkd.service", "NetworkManager.service"],
      files: {
        ...images.networkd.files,
        [path]:
          "[keyfile]\nunmanaged-devices=*,except:type:wifi,except:type:gsm,except:type:cdma\n",
      },
    });
    await untilAddresses(instance.machine, ["10.0.0.10", "10.0.1.10"]);
    const plan = await run(instance, "activate", "--dry-run", "--plain");
    expect(plan.text).toContain(
      `leaves every NIC alone: ${path} tells NetworkManager to leave the NIC alone`,
    );
    expect(plan.text).toContain("networkd is in charge, because it is running");
    expect(await run(instance, "activate")).toMatchObject({ code: 0 });
    await untilAddresses(instance.machine, ["10.0.0.10", "10.0.1.10", "10.0.1.11"]);
    expect(await run(instance, "activate", "--check")).toMatchObject({ code: 0 });
  },
);

testTrixie(
  "a NIC that NetworkManager is told to leave alone is left alone, the other not",
  async () => {
    await using instance = await startInstance({
      suite: "trixie",
      enis,
      ...images["network-manager"],
      files: {
        "/etc/NetworkManager/conf.d/10-cni.conf":
          "[keyfile]\nunmanaged-devices=interface-name:ens6\n",
      },
    });
    await untilAddresses(instance.machine, ["10.0.0.10"]);
    const result = await run(instance, "activate");
    expect(result).toMatchObject({ code: 0 });
    expect(result.text).toContain("10-cni.conf tells NetworkManager to leave the NIC alone");
    const { code, stdout } = await instance.machine.exec(["ip", "-br", "address", "show", "ens6"]);
    expect({ code, text: stdout }).not.toMatchObject({ text: expect.stringContaining("10.0.1.1") });
    expect(await run(instance, "activate", "--check")).toMatchObject({ code: 0 });
  },
);

testTrixie("a NIC with Unmanaged=yes in a .network file is left alone, the other not", async () => {
  const path = "/etc/systemd/network/70-cni.network";
  await using instance = await startInstance({
    suite: "trixie",
    enis,
    ...images.networkd,
    files: { ...images.networkd.files, [path]: "[Match]\nName=ens6\n\n[Link]\nUnmanaged=yes\n" },
  });
  await untilAddresses(instance.machine, ["10.0.0.10"]);
  const result = await run(instance, "activate");
  expect(result).toMatchObject({ code: 0 });
  expect(result.text).toContain(`${path} (Unmanaged=yes) tells networkd to leave the NIC alone`);
  const links = await instance.machine.run(["networkctl", "--no-legend"]);
  expect(links).toMatch(/ens5 .* configured/);
  expect(links).toMatch(/ens6 .* unmanaged/);
  expect(await run(instance, "activate", "--check")).toMatchObject({ code: 0 });
});
