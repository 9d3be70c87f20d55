import { expect, setDefaultTimeout } from "bun:test";
import { eni, type EniSpec } from "../../scripts/simulator/scenario/eni-spec.ts";
import { diskFiles } from "../kit/vm/image/disk-files.ts";
import { installedVm } from "../kit/vm/scenario/installed-vm.ts";
import { guestsOf } from "../kit/vm/guests.ts";
import { vmTestsMissing } from "../kit/vm/missing.ts";
import { untilIdle } from "../kit/vm/scenario/until-idle.ts";
import type { Vm } from "../kit/vm/vm.ts";
import { untilAddresses } from "../kit/machine/checks/until-addresses.ts";
import { testUnless } from "../kit/basics/skip.ts";

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
 * that was never synced leaves for half a minute, are seen; writes that a disk tears or takes out of
 * order are not.
 */
async function disksDuring(vm: Vm, act: () => Promise<unknown>): Promise<RunDisks> {
  await vm.run(["sh", "-c", "sync; mount -o remount,commit=1 /"]);
  const moments = Array.from({ length: cutsOfARun }, () => Math.random() * longestMs);
  const startMs = performance.now();
  const disks: string[] = [];
  let inside = 0;
  let isOver = false;
  const ended = act().finally(() => {
    isOver = true;
  });
  for (const momentMs of moments.toSorted((one, other) => one - other)) {
    await Bun.sleep(Math.max(0, startMs + momentMs - performance.now()));
    disks.push(await vm.copyDisk());
    if (!isOver) inside += 1;
  }
  await ended;
  return { disks: [...disks, await vm.copyDisk()], inside };
}

interface RunDisks {
  readonly disks: readonly string[];
  /** How many were taken before the run was over. */
  readonly inside: number;
}

function lasting(files: Files): Files {
  return Object.fromEntries(Object.entries(files).filter(([path]) => !isTemporary.test(path)));
}

/** The files left by cuts, once each, with a disk that has them. */
class Cuts {
  readonly left = new Map<string, string>();
  taken = 0;
  inside = 0;

  /** Throws where a file is not as one of the `known` states has it; `absent` may not be there. */
  async take(run: RunDisks, known: readonly Files[], absent: readonly string[]): Promise<void> {
    this.inside += run.inside;
    for (const disk of run.disks) {
      this.taken += 1;
      const files = await ours(disk);
      const whole = lasting(files);
      const paths = new Set([...known.flatMap((each) => Object.keys(each)), ...Object.keys(whole)]);
      const broken = [...paths].filter((path) => {
        if (path in whole) return known.every((each) => each[path] !== whole[path]);
        return known.every((each) => path in each) && !absent.includes(path);
      });
      if (broken.length > 0) throw new Error(`not whole: ${broken.join(", ")}, of ${disk}`);
      const hasTemporary = Object.keys(files).length > Object.keys(whole).length;
      const state = JSON.stringify([whole, hasTemporary]);
      if (this.left.has(state)) await Bun.file(disk).delete();
      else this.left.set(state, disk);
    }
  }

  /** Boots from each: the primary reaches IMDS, and all is as it should be. */
  async boot(vm: Vm, addresses: readonly string[], whole: Files): Promise<void> {
    expect(this.inside).toBeGreaterThan(0);
    for (const disk of this.left.values()) {
      await vm.reset(disk);
      await untilIdle(vm);
      await untilAddresses(vm, addresses, 60_000);
      expect(await vm.run(["ec2nic", "fetch", "instance-id"])).toContain("i-0ec2");
      expect(await vm.run(["ip", "-4", "route", "get", "169.254.169.254"])).toContain("ens5");
      expect((await vm.exec(["ec2nic", "activate", "--check"])).stdout).toBe("no difference\n");
      expect(await vm.failedUnits()).toEqual([]);
      expect(lasting(await ours(await vm.copyDisk()))).toEqual(whole);
    }
  }
}

for (const { suite, backend } of guests) {
  testUnless(vmTestsMissing(suite))(
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
        const cut = await disksDuring(vm, () => vm.exec(argv, { timeoutMs: 90_000 }));
        if (run % 2 === 0) expect(await ours(cut.disks.at(-1) ?? "")).toEqual(alone);
        await inActivate.take(cut, [alone], written);
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
          [],
        );
        await whileItComes.take(
          await disksDuring(vm, async () => {
            await vm.attach(second);
            await untilAddresses(vm, two, 60_000);
            await untilIdle(vm);
          }),
          [alone, both],
          [],
        );
      }
      await whileItComes.boot(vm, two, both);
      await vm.detach(mac);
      await whileItGoes.boot(vm, one, alone);
      const all = { inActivate, whileItComes, whileItGoes };
      for (const [name, { taken, inside, left }] of Object.entries(all)) {
        const words = `${taken} cuts, ${inside} inside a run, ${left.size} different disks, each booted`;
        console.log(suite, backend, name, words);
      }
    },
  );
}
