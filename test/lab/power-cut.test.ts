import { expect, setDefaultTimeout } from "bun:test";
import { eni, type EniSpec } from "../support/imds-simulator/eni-spec.ts";
import { bootVm } from "../support/lab/boot-vm.ts";
import { labMissing } from "../support/lab/missing.ts";
import { untilIdle } from "../support/lab/until-idle.ts";
import type { Vm } from "../support/lab/vm.ts";
import { untilAddresses } from "../support/machine/until-addresses.ts";
import { testUnless } from "../support/skip.ts";

/** `CUTS=200` for the whole thing, a minute each; `make lab` takes a few. */
const cuts = Number(process.env["CUTS"] ?? "2");
setDefaultTimeout(200_000 + cuts * 120_000);

const second: EniSpec = { device: 1, ipv4: ["10.0.1.10", "10.0.1.11"] };
/** So long `activate` takes here at the most. */
const longestMs = 8000;

const guests = [
  { suite: "trixie", backend: "networkd" },
  { suite: "bookworm", backend: "netplan" },
  { suite: "trixie", backend: "network-manager" },
] as const;

/** What of ours is on the disk: path → content. */
async function ours(vm: Pick<Vm, "run">): Promise<Readonly<Record<string, string>>> {
  const script =
    "find /etc -path '*ec2nic*' -type f -not -path '*/systemd/system/*' -not -path '*/udev/*' | sort | xargs -r sha256sum";
  const lines = (await vm.run(["sh", "-c", script])).trim().split("\n");
  return Object.fromEntries(
    lines.filter((line) => line !== "").map((line) => line.split("  ").toReversed()),
  );
}

/**
 * The disk's journal is written each second, so that names without content, which a file that was
 * never synced leaves for half a minute, are seen.
 */
async function cutDuring(vm: Vm, argv: readonly string[], afterMs: number): Promise<void> {
  await vm.run(["sh", "-c", "sync; mount -o remount,commit=1 /"]);
  // its answer never comes where the cut is before its end
  const ended = vm.exec(argv, { timeoutMs: 60_000 }).catch(() => null);
  await Bun.sleep(afterMs);
  await vm.reset();
  await ended;
}

for (const { suite, backend } of guests) {
  testUnless(labMissing(suite))(
    `${suite}, ${backend}: ${cuts} power cuts: files are whole, and a boot later the primary reaches IMDS`,
    async () => {
      await using vm = await bootVm({ suite, backend, enis: [{ device: 0, dualStack: true }] });
      await vm.run(["ec2nic", "activate"], { timeoutMs: 60_000 });
      const whole = await ours(vm);
      const [path] = Object.keys(whole);
      expect(path).toBeDefined();
      for (let cut = 0; cut < cuts; cut += 1) {
        await vm.run(["rm", "-f", ...Object.keys(whole)]);
        // the first is after the end: what is told to be done stays
        const afterMs = cut === 0 ? longestMs + 3000 : Math.random() * longestMs;
        await cutDuring(vm, ["ec2nic", "activate"], afterMs);
        const left = await ours(vm);
        console.log(
          suite,
          backend,
          "cut after",
          Math.round(afterMs),
          "ms left",
          Object.keys(left).length,
          "of",
          Object.keys(whole).length,
        );
        expect({ ...whole, ...left }).toEqual(whole);
        if (cut === 0) expect(left).toEqual(whole);
        await untilAddresses(vm, ["10.0.0.10"], 60_000);
        expect(await vm.run(["ec2nic", "fetch", "instance-id"])).toContain("i-0ec2");
        await vm.run(["ec2nic", "activate"], { timeoutMs: 60_000 });
        expect(await ours(vm)).toEqual(whole);
      }

      await vm.run(["ec2nic", "hotplug", "--install"]);
      for (let cut = 0; cut < Math.ceil(cuts / 2); cut += 1) {
        const afterMs = Math.random() * longestMs;
        await vm.run(["sh", "-c", "sync; mount -o remount,commit=1 /"]);
        await vm.attach(second);
        await Bun.sleep(afterMs);
        await vm.reset();
        await untilIdle(vm);
        await untilAddresses(vm, ["10.0.0.10", "10.0.1.10", "10.0.1.11"], 60_000);
        console.log(suite, backend, "hotplug cut after", Math.round(afterMs), "ms");
        expect((await vm.exec(["ec2nic", "activate", "--check"])).stdout).toBe("no difference\n");
        expect(await vm.run(["ip", "-4", "route", "get", "169.254.169.254"])).toContain("ens5");
        expect(await vm.failedUnits()).toEqual([]);
        await vm.detach(eni(second).mac);
        await untilIdle(vm);
      }
    },
  );
}
