import { median } from "../shared/median.ts";

/** Rounds that are not counted: they fill the page cache. */
const warmUps = 2;

/**
 * Runs commands in turns, so that other load on the machine slows all of them. Returns the median
 * time of each, in milliseconds from start to exit. Throws where one does not exit with 0.
 */
export async function measureInTurns<const T extends Readonly<Record<string, readonly string[]>>>(
  commands: T,
  rounds: number,
): Promise<Readonly<Record<keyof T, number>>> {
  const times = new Map<string, number[]>(Object.keys(commands).map((name) => [name, []]));
  for (let round = -warmUps; round < rounds; round += 1) {
    for (const [name, argv] of Object.entries(commands)) {
      const ms = await timeOf(argv);
      if (round >= 0) times.get(name)?.push(ms);
    }
  }
  const medians = [...times].map(([name, figures]) => [name, median(figures)] as const);
  // oxlint-disable-next-line no-unsafe-type-assertion -- the same keys
  return Object.fromEntries(medians) as Readonly<Record<keyof T, number>>;
}

/** Milliseconds from the start of a process to its exit. Throws where it does not exit with 0. */
export async function timeOf(argv: readonly string[]): Promise<number> {
  const startMs = performance.now();
  // not spawnSync: the simulator answers from this process
  const child = Bun.spawn([...argv], { stdio: ["ignore", "ignore", "pipe"] });
  const code = await child.exited;
  const ms = performance.now() - startMs;
  if (code === 0) return ms;
  throw new Error(`${argv.join(" ")} exited with ${code}: ${await child.stderr.text()}`);
}
