import { expect, setDefaultTimeout } from "bun:test";
import { bootVm } from "../kit/vm/boot-vm.ts";
import { vmLimitMs, vmTestsMissing } from "../kit/vm/missing.ts";
import { untilIdle } from "../kit/vm/scenario/until-idle.ts";
import { suites } from "../kit/machine/root-file-system.ts";
import { untilAddresses } from "../kit/machine/checks/until-addresses.ts";
import { testUnless } from "../kit/basics/skip.ts";

/** The number of boots of each suite, half a minute each; `BOOTS=50` for more. */
const boots = Number(process.env["BOOTS"] ?? "2");
/** After every tenth boot NetworkManager is also restarted and stopped. */
const bootsPerRestart = 10;
setDefaultTimeout(vmLimitMs + boots * 1_200_000);

const resolvConf = "# an admin wrote this\nnameserver 10.0.0.2\n";
const manager = "NetworkManager.service";
const units = ["ec2nic-local.service", "ec2nic-network.service", manager];

/** A profile without name servers: NetworkManager then writes a resolv.conf without any. */
const quiet =
  "[connection]\nid=image\ntype=ethernet\ninterface-name=ens5\nautoconnect-priority=-10\n\n[ipv4]\nmethod=auto\nignore-auto-dns=true\n\n[ipv6]\nmethod=auto\nignore-auto-dns=true\n";

for (const suite of suites) {
  testUnless(vmTestsMissing(suite))(
    `${suite}: resolv.conf keeps its servers in ${boots} boots with random delays of units, and when NetworkManager restarts or stops`,
    async () => {
      await using vm = await bootVm({
        suite,
        backend: "network-manager",
        enis: [{ device: 0, dualStack: true }],
      });
      await vm.systemctl("stop", manager);
      await vm.write("/etc/NetworkManager/conf.d/10-image.conf", "[main]\nno-auto-default=*\n");
      await vm.write("/etc/NetworkManager/system-connections/image.nmconnection", quiet, 0o600);
      await vm.write("/etc/resolv.conf", resolvConf);
      await vm.run(["ec2nic", "hotplug", "--install"]);
      for (let boot = 0; boot < boots; boot += 1) {
        // without the drop-in of the last boot, each boot is like the first one
        await vm.remove("/etc/NetworkManager/conf.d/90-ec2nic-dns.conf");
        const delays = units.map(() => Math.random() * 5);
        for (const [at, unit] of units.entries()) {
          const delay = `[Service]\nExecStartPre=/bin/sleep ${delays[at]?.toFixed(1)}\n`;
          await vm.write(`/etc/systemd/system/${unit}.d/delay.conf`, delay);
        }
        await vm.run(["sync"]);
        // a power cut and a shutdown in turns
        await (boot % 2 === 0 ? vm.reset() : vm.reboot());
        await untilIdle(vm);
        const read = async (): Promise<string> => vm.read("/etc/resolv.conf");
        expect({ delays, resolvConf: await read() }).toEqual({ delays, resolvConf });
        expect(await vm.failedUnits()).toEqual([]);
        if (boot % bootsPerRestart !== 0) continue;
        await vm.run(["systemctl", "restart", manager]);
        await untilIdle(vm);
        await untilAddresses(vm, ["10.0.0.10"]);
        const up = await vm.run(["nmcli", "-g", "NAME", "connection", "show", "--active"]);
        expect(up.split("\n").filter((name) => name.startsWith("ec2nic"))).toHaveLength(1);
        expect({ delays, restarted: await read() }).toEqual({ delays, restarted: resolvConf });
        await vm.run(["systemctl", "stop", manager]);
        expect({ delays, stopped: await read() }).toEqual({ delays, stopped: resolvConf });
      }
    },
  );
}
