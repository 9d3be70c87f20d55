import { startFuzzServer } from "./fuzz-server.ts";
import { fuzzService, type FuzzService } from "./fuzz-service.ts";
import { runPlan } from "./run-plan.ts";
import { latin1 } from "./mutations/raw-answer.ts";

/**
 * The fuzz service as a program behind a NIC: `fuzz-service-process.ts URL NIC MAC…`. The path of a
 * request has the seed of its run. Prints each invalid request as a line, and ends when its stdin is
 * closed.
 */
const [url = "", nic = "", ...macs] = process.argv.slice(2);
const { hostname, host } = new URL(url);
const services = new Map<number, FuzzService>();
const nothing = { bytes: latin1(""), after: "reset", drip: null } as const;

startFuzzServer(
  (request) => {
    const seed = Number(/^\/round-(\d+)\//.exec(request.target)?.[1] ?? "-1");
    const service = services.get(seed) ?? serviceFor(seed);
    services.set(seed, service);
    const known = service.faults.length;
    const wire = seed < 0 ? nothing : service.answer(request);
    for (const fault of service.faults.slice(known)) console.log(`run ${seed}: ${fault}`);
    if (seed < 0) console.log(`of no run: ${JSON.stringify(request)}`);
    return wire;
  },
  hostname,
  80,
);
console.log("listening");
await Bun.stdin.text();
process.exit(0);

function serviceFor(seed: number): FuzzService {
  const plan = runPlan(seed, { root: "/", macs, nic, url });
  return fuzzService({ ...plan, host, trap: "http://169.254.169.254:1" });
}
