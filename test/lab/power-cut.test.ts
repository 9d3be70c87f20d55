import { expect, setDefaultTimeout } from "bun:test";
import { eni, type EniSpec } from "../support/imds-simulator/eni-spec.ts";
import { diskFiles } from "../support/lab/disk-files.ts";
import { installedVm } from "../support/lab/installed-vm.ts";
import { guestsOf } from "../support/lab/guests.ts";
import { labMissing } from "../support/lab/missing.ts";
import { untilIdle } from "../support/lab/until-idle.ts";
import type { Vm } from "../support/lab/vm.ts";
import { untilAddresses } from "../support/machine/until-addresses.ts";
import { testUnless } from "../support/skip.ts";

/** Power cuts of each guest: a third in `activate`, a third while a NIC comes, a third while it goes. */
const cuts = Number(process.env["CUTS"] ?? "12");
const cutsOfARun = 4;
const runs = Math.ceil(cuts / 3 / cutsOfARun);
setDefaultTimeout(1_200_000 + cuts * 30_000);

const second: EniSpec = { device: 1, ipv4: ["10.0.1.10", "10.0.1.11"] };
const { mac } = eni(second);
/** So long a run takes here at the most. */
const longestMs = 6000;

const guests = guestsOf([
  { suite: "trixie", backend: "networkd" },
  { suite: "bookworm", backend: "netplan" },
  { suite: "trixie", backend: "network-manager" },
]);

/** Paths of ours, and the sums of their contents. */
type Files = Readonly<Record<string, string>>;

/** What is not there yet has a name that no daemon reads. */
const isTemporary = /\/\.[^/]+$/;

async function ours(disk: string): Promise<Files> {
  const all = Object.entries(await diskFiles(disk, "/etc"));
  return Object.fromEntries(all.filter(([path]) => path.includes("ec2nic")));
}

/**
 * What the disk would hold after each of some power cuts at random moments of a run; and after its
 * end, last. The disk's journal is written each second, so that names without content, which a file
 * that was never synced leaves for half a minute, are seen.
 */
async function disksDuring(vm: Vm, act: () => Promise<unknown>): Promise<readonly string[]> {
  await vm.run(["sh", "-c", "sync; mount -o remount,commit=1 /"]);
  const moments = Array.from({ length: cutsOfARun }, () => Math.random() * longestMs);
  const ended = act();
  const disks: string[] = [];
  let lastMs = 0;
  for (const momentMs of moments.toSorted((a, b) => a - b)) {
    await Bun.sleep(momentMs - lastMs);
    lastMs = momentMs;
    disks.push(await vm.copyDisk());
  }
  await ended;
  return [...disks, await vm.copyDisk()];
}

/** The files left by cuts, once each, with a disk that has them. Throws where one is not whole. */
class Cuts {
  readonly left = new Map<string, string>();
  taken = 0;

  async take(disks: readonly string[], known: readonly Files[]): Promise<void> {
    for (const disk of disks) {
      this.taken += 1;
      const files = await ours(disk);
      for (const [path, sum] of Object.entries(files).filter(([each]) => !isTemporary.test(each))) {
        const contents = known.map((each) => each[path]);
        if (!contents.includes(sum)) throw new Error(`${path} is not whole, of ${disk}`);
      }
      const lasting = Object.entries(files).filter(([path]) => !isTemporary.test(path));
      const state = JSON.stringify(Object.fromEntries(lasting));
      if (this.left.has(state)) await Bun.file(disk).delete();
      else this.left.set(state, disk);
    }
  }

  /** Boots from each: the primary reaches IMDS, and all is as it should be. */
  async boot(vm: Vm, addresses: readonly string[], whole: Files): Promise<void> {
    for (const disk of this.left.values()) {
      await vm.reset(disk);
      await untilIdle(vm);
      await untilAddresses(vm, addresses, 60_000);
      expect(await vm.run(["ec2nic", "fetch", "instance-id"])).toContain("i-0ec2");
      expect(await vm.run(["ip", "-4", "route", "get", "169.254.169.254"])).toContain("ens5");
      expect((await vm.exec(["ec2nic", "activate", "--check"])).stdout).toBe("no difference\n");
      expect(await vm.failedUnits()).toEqual([]);
      expect(await ours(await vm.copyDisk())).toEqual(whole);
    }
  }
}

for (const { suite, backend } of guests) {
  testUnless(labMissing(suite))(
    `${suite}, ${backend}: ${runs * 3 * (cutsOfARun + 1)} power cuts: files are whole, and after a boot all is configured`,
    async () => {
      await using vm = await installedVm({ suite, backend });
      const one = ["10.0.0.10", "2600:1f14:ec2:100::10"];
      const two = [...one, "10.0.1.10", "10.0.1.11"];
      const settled = async (): Promise<Files> => {
        await untilIdle(vm);
        await vm.run(["sync"]);
        return ours(await vm.copyDisk());
      };
      const alone = await settled();
      const written = Object.keys(alone).filter((path) =>
        /\.(?:network|yaml|nmconnection|conf)$/.test(path),
      );
      expect(written).not.toEqual([]);

      const inActivate = new Cuts();
      for (let run = 0; run < runs; run += 1) {
        await vm.remove(...written);
        // each second one is killed, too
        const limit = run % 2 === 0 ? "60" : String(1 + Math.random() * 4);
        const argv = ["timeout", "--signal=KILL", limit, "ec2nic", "activate"];
        const disks = await disksDuring(vm, () => vm.exec(argv, { timeoutMs: 90_000 }));
        if (run % 2 === 0) expect(await ours(disks.at(-1) ?? "")).toEqual(alone);
        await inActivate.take(disks, [alone]);
        await vm.run(["ec2nic", "activate"], { timeoutMs: 60_000 });
      }
      await inActivate.boot(vm, one, alone);

      await vm.attach(second);
      await untilAddresses(vm, two, 60_000);
      const both = await settled();
      const [whileItGoes, whileItComes] = [new Cuts(), new Cuts()];
      for (let run = 0; run < runs; run += 1) {
        await whileItGoes.take(
          await disksDuring(vm, async () => {
            await vm.detach(mac);
            await untilIdle(vm);
          }),
          [alone, both],
        );
        await whileItComes.take(
          await disksDuring(vm, async () => {
            await vm.attach(second);
            await untilAddresses(vm, two, 60_000);
            await untilIdle(vm);
          }),
          [alone, both],
        );
      }
      await whileItComes.boot(vm, two, both);
      await vm.detach(mac);
      await whileItGoes.boot(vm, one, alone);
      for (const [name, { taken, left }] of Object.entries({
        inActivate,
        whileItComes,
        whileItGoes,
      })) {
        console.log(
          suite,
          backend,
          name,
          `${taken} cuts, ${left.size} different disks, each booted`,
        );
      }
    },
  );
}
