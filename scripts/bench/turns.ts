import { median } from "../../test/kit/basics/median.ts";

/** A process that takes part; what `run` gives beside its time is kept from the last round. */
export type Runners = Readonly<Record<string, readonly string[]>>;

/** The first rounds fill the page cache. */
const warmUps = 2;

/**
 * The medians of whole processes, in milliseconds: turn by turn, so that a busy machine slows all
 * of them. `each`: told of each run's end. Throws where one does not end with 0.
 */
export async function takeTurns<const T extends Runners>(
  runners: T,
  rounds: number,
): Promise<Readonly<Record<keyof T, number>>> {
  const times = new Map<string, number[]>(Object.keys(runners).map((name) => [name, []]));
  for (let round = -warmUps; round < rounds; round += 1) {
    for (const [name, argv] of Object.entries(runners)) {
      const ms = await timeOf(argv);
      if (round >= 0) times.get(name)?.push(ms);
    }
  }
  const medians = [...times].map(([name, figures]) => [name, median(figures)] as const);
  // oxlint-disable-next-line no-unsafe-type-assertion -- the same keys
  return Object.fromEntries(medians) as Readonly<Record<keyof T, number>>;
}

/** Milliseconds from the start of a process to its end; it must end with 0. */
export async function timeOf(argv: readonly string[]): Promise<number> {
  const startMs = performance.now();
  // not spawnSync: the simulator answers from this very process
  const child = Bun.spawn([...argv], { stdio: ["ignore", "ignore", "pipe"] });
  const code = await child.exited;
  const ms = performance.now() - startMs;
  if (code === 0) return ms;
  throw new Error(`${argv.join(" ")} ended with ${code}: ${await child.stderr.text()}`);
}
