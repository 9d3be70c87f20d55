import { addNic } from "../shared/veth-network.ts";
import type { EniSpec } from "../simulator/scenario/eni-spec.ts";
import { startSimulator } from "../simulator/start.ts";
import { median } from "../shared/median.ts";
import { binary } from "../../test/kit/program/run-ec2nic.ts";
import type { CloudInit } from "./crawl/cloud-init-crawl.ts";
import { planArgs } from "./crawl/crawl.ts";
import { type Figure, printRow, printTitle } from "./figure.ts";
import { peakMemory } from "./peak-memory.ts";
import { timeOf } from "./turns.ts";

const addresses = 50;
const few = 4;
const sizes = [few, 15, 30, 60] as const;
const rounds = 3;
const latencyMs = 2;

/** The NIC with this device number; the first four exist from the start. */
export function benchNic(device: number) {
  return { name: `ens${device + 5}`, mac: macOf(device), address: null };
}

/** Measures time and peak memory with more and more dual-stack ENIs that have many addresses. */
export async function benchScale(cloudInit: CloudInit): Promise<readonly Figure[]> {
  printTitle(`scale: activate --dry-run, ${addresses} addresses per family and ENI, dual stack`, [
    "ms",
    "ms per ENI",
    "requests",
    "peak MB",
  ]);
  const measured = new Map<number, { readonly ms: number; readonly peakKb: number }>();
  let nics = few;
  for (const size of sizes) {
    for (; nics < size; nics += 1) addNic(benchNic(nics));
    const enis = Array.from({ length: size }, (_, device) => largeEni(device));
    await using simulator = await startSimulator({ scenario: { enis, latencyMs } });
    const argv = [binary, ...planArgs("networkd"), "--endpoint", simulator.url];
    const [times, peaks]: [number[], number[]] = [[], []];
    for (let round = 0; round < rounds; round += 1) {
      simulator.clearRequests();
      times.push(await timeOf(argv));
      peaks.push(await peakMemory(argv));
    }
    const [ms, peakKb] = [median(times), Math.max(...peaks)];
    measured.set(size, { ms, peakKb });
    const requests = simulator.requests.length / 2;
    const cells = [ms.toFixed(0), (ms / size).toFixed(1), String(requests)];
    printRow(`${size} ENIs`, [...cells, (peakKb / 1000).toFixed(1)]);
  }
  const { peakKb } = await cloudInit.importAlone();
  printRow("cloud-init's imports alone", ["", "", "", (peakKb / 1000).toFixed(1)]);
  const last = measured.get(sizes.at(-1) ?? 0);
  const half = measured.get(30);
  if (last === undefined || half === undefined) throw new Error("nothing was measured");
  return [
    { name: "scale: 60 ENIs / twice the time of 30", value: last.ms / (2 * half.ms) },
    {
      name: "memory: 4 ENIs / cloud-init's imports",
      value: (measured.get(few)?.peakKb ?? 0) / peakKb,
    },
    { name: "memory: 60 ENIs / cloud-init's imports", value: last.peakKb / peakKb },
  ];
}

function largeEni(device: number): EniSpec {
  const net6 = `2600:1f14:ec2:${(0x100 + device).toString(16)}`;
  const numbers = Array.from({ length: addresses }, (_, at) => at + 10);
  return {
    device,
    mac: macOf(device),
    ipv4: numbers.map((number) => `10.0.${device}.${number}`),
    ipv6: numbers.map((number) => `${net6}::${number}`),
  };
}

function macOf(device: number): string {
  return `06:ec:2a:00:00:${device.toString(16).padStart(2, "0")}`;
}
