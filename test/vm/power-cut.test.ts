import { expect, setDefaultTimeout } from "bun:test";
import { eni, type EniSpec } from "../../scripts/simulator/scenario/eni-spec.ts";
import { installedVm } from "../kit/vm/scenario/installed-vm.ts";
import { guestsOf } from "../kit/vm/guests.ts";
import { vmLimitMs, vmTestsMissing } from "../kit/vm/missing.ts";
import { untilIdle } from "../kit/vm/scenario/until-idle.ts";
import type { Vm } from "../kit/vm/vm.ts";
import { expectNoDifference } from "../kit/machine/checks/nothing-to-do.ts";
import { untilAddresses } from "../kit/machine/checks/until-addresses.ts";
import { testUnless } from "../kit/basics/skip.ts";
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { command, mustRun } from "../kit/machine/command.ts";
import { temporaryFolder } from "../kit/basics/temporary-folder.ts";

/** The power cuts of each guest: a third each in `activate`, while a NIC is added, and is removed. */
const cuts = Number(process.env["CUTS"] ?? "12");
const cutsPerRun = 4;
const runs = Math.ceil(cuts / 3 / cutsPerRun);
setDefaultTimeout(vmLimitMs + cuts * 300_000);

const second: EniSpec = { device: 1, ipv4: ["10.0.1.10", "10.0.1.11"] };
const { mac } = eni(second);
/** The longest time that a run takes in a guest. */
const longestMs = 6000;
/** A time in which no run ends: the program alone needs longer to start in a guest. */
const shortestMs = 100;

const guests = guestsOf([
  { suite: "trixie", backend: "networkd" },
  { suite: "bookworm", backend: "netplan" },
  { suite: "trixie", backend: "network-manager" },
]);

/** The paths of ec2nic's files, and the checksums of their contents. */
type Files = Readonly<Record<string, string>>;

/** A temporary file, which ec2nic renames when it is complete, has a name that no daemon reads. */
const isTemporary = /\/\.[^/]+$/;

async function readFiles(disk: string): Promise<Files> {
  const all = Object.entries(await diskFiles(disk, "/etc"));
  return Object.fromEntries(all.filter(([path]) => path.includes("ec2nic")));
}

/**
 * Copies the disk at random moments of a run, as a power cut would leave it, and once after the run.
 * The file system writes its journal every second instead of every 30 s: so the copies also show a
 * file that was never synced, which has a name but no content. They do not show torn or reordered
 * writes of a disk.
 */
async function disksDuring(vm: Vm, act: () => Promise<unknown>): Promise<RunDisks> {
  await vm.run(["sh", "-c", "sync; mount -o remount,commit=1 /"]);
  const random = Array.from({ length: cutsPerRun - 1 }, () => Math.random() * longestMs);
  // no run is so short that all cuts come after it
  const moments = [Math.random() * shortestMs, ...random];
  const startMs = performance.now();
  const disks: string[] = [];
  let duringRun = 0;
  let hasEnded = false;
  const ended = act().finally(() => {
    hasEnded = true;
  });
  for (const momentMs of moments.toSorted((one, other) => one - other)) {
    await Bun.sleep(Math.max(0, startMs + momentMs - performance.now()));
    disks.push(await vm.copyDisk());
    if (!hasEnded) duringRun += 1;
  }
  await ended;
  return { disks: [...disks, await vm.copyDisk()], duringRun };
}

interface RunDisks {
  readonly disks: readonly string[];
  /** How many were copied before the run ended. */
  readonly duringRun: number;
}

function withoutTemporary(files: Files): Files {
  return Object.fromEntries(Object.entries(files).filter(([path]) => !isTemporary.test(path)));
}

/** The different states of files after power cuts, each with a disk that has it. */
class Cuts {
  readonly states = new Map<string, string>();
  count = 0;
  duringRun = 0;

  /** Throws where a file is not as in one of the `known` states. Files of `absent` may be missing. */
  async add(run: RunDisks, known: readonly Files[], absent: readonly string[]): Promise<void> {
    this.duringRun += run.duringRun;
    for (const disk of run.disks) {
      this.count += 1;
      const files = await readFiles(disk);
      const final = withoutTemporary(files);
      const paths = new Set([...known.flatMap((each) => Object.keys(each)), ...Object.keys(final)]);
      const broken = [...paths].filter((path) => {
        if (path in final) return known.every((each) => each[path] !== final[path]);
        return known.every((each) => path in each) && !absent.includes(path);
      });
      if (broken.length > 0)
        throw new Error(`neither old nor new: ${broken.join(", ")} of ${disk}`);
      const hasTemporary = Object.keys(files).length > Object.keys(final).length;
      const state = JSON.stringify([final, hasTemporary]);
      if (this.states.has(state)) await Bun.file(disk).delete();
      else this.states.set(state, disk);
    }
  }

  /** Boots from each disk, and asserts that the guest reaches IMDS and is configured. */
  async boot(vm: Vm, addresses: readonly string[], expected: Files): Promise<void> {
    expect(this.duringRun).toBeGreaterThan(0);
    for (const disk of this.states.values()) {
      await vm.reset(disk);
      await untilIdle(vm);
      await untilAddresses(vm, addresses);
      expect(await vm.run(["ec2nic", "fetch", "instance-id"])).toContain("i-0ec2");
      expect(await vm.run(["ip", "-4", "route", "get", "169.254.169.254"])).toContain("ens5");
      await expectNoDifference(vm);
      expect(await vm.failedUnits()).toEqual([]);
      expect(withoutTemporary(await readFiles(await vm.copyDisk()))).toEqual(expected);
    }
  }
}

for (const { suite, backend } of guests) {
  testUnless(vmTestsMissing(suite))(
    `${suite}, ${backend}: after each of ${runs * 3 * (cutsPerRun + 1)} power cuts each file is old or new, and a boot configures the NICs`,
    async () => {
      await using vm = await installedVm({ suite, backend });
      const one = ["10.0.0.10", "2600:1f14:ec2:100::10"];
      const two = [...one, "10.0.1.10", "10.0.1.11"];
      const filesWhenIdle = async (): Promise<Files> => {
        await untilIdle(vm);
        await vm.run(["sync"]);
        return readFiles(await vm.copyDisk());
      };
      const filesOfOne = await filesWhenIdle();
      const written = Object.keys(filesOfOne).filter((path) =>
        /\.(?:network|yaml|nmconnection|conf)$/.test(path),
      );
      expect(written).not.toEqual([]);

      const inActivate = new Cuts();
      for (let run = 0; run < runs; run += 1) {
        await vm.remove(...written);
        // every second run is also killed
        const limit = run % 2 === 0 ? "60" : String(1 + Math.random() * 4);
        const argv = ["timeout", "--signal=KILL", limit, "ec2nic", "activate"];
        const cut = await disksDuring(vm, () => vm.exec(argv));
        if (run % 2 === 0) expect(await readFiles(cut.disks.at(-1) ?? "")).toEqual(filesOfOne);
        await inActivate.add(cut, [filesOfOne], written);
        await vm.run(["ec2nic", "activate"]);
      }
      await inActivate.boot(vm, one, filesOfOne);

      await vm.attach(second);
      await untilAddresses(vm, two);
      const filesOfTwo = await filesWhenIdle();
      const [inRemoval, inAddition] = [new Cuts(), new Cuts()];
      for (let run = 0; run < runs; run += 1) {
        await inRemoval.add(
          await disksDuring(vm, async () => {
            await vm.detach(mac);
            await untilIdle(vm);
          }),
          [filesOfOne, filesOfTwo],
          [],
        );
        await inAddition.add(
          await disksDuring(vm, async () => {
            await vm.attach(second);
            await untilAddresses(vm, two);
            await untilIdle(vm);
          }),
          [filesOfOne, filesOfTwo],
          [],
        );
      }
      await inAddition.boot(vm, two, filesOfTwo);
      await vm.detach(mac);
      await inRemoval.boot(vm, one, filesOfOne);
      const all = { inActivate, inAddition, inRemoval };
      for (const [name, { count, duringRun, states }] of Object.entries(all)) {
        const counts = `${count} cuts, ${duringRun} during a run, ${states.size} states booted`;
        console.log(suite, backend, name, counts);
      }
    },
  );
}

/** `e2fsck` exits with 1 where it repaired what a mount would repair: orphans, free counts. */
const cleanStatuses: readonly number[] = [0, 1];

/**
 * The files that a boot would find in a folder of a guest's disk, path → checksum. The journal is
 * replayed on a copy. Symbolic links are left out. Throws where the file system cannot be repaired.
 */
async function diskFiles(disk: string, folder: string): Promise<Readonly<Record<string, string>>> {
  using scratch = temporaryFolder();
  const [raw, files] = [join(scratch.path, "raw"), join(scratch.path, "files")];
  mkdirSync(files);
  await mustRun(["qemu-img", "convert", "-O", "raw", disk, raw]);
  const { code, stdout } = await command(["e2fsck", "-fy", raw]);
  if (!cleanStatuses.includes(code)) throw new Error(`e2fsck ended with ${code}: ${stdout}`);
  await mustRun(["debugfs", "-R", `rdump ${folder} ${files}`, raw]);
  const entries = readdirSync(files, { recursive: true, withFileTypes: true });
  const paths = entries
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name));
  const above = join(folder, "..");
  return Object.fromEntries(
    paths.map((path) => [join(above, path.slice(files.length)), sumOf(readFileSync(path))]),
  );
}

/** As `sha256sum` prints it. */
function sumOf(content: Uint8Array): string {
  return createHash("sha256").update(content).digest("hex");
}
