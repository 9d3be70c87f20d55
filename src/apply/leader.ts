import * as v from "valibot";
import { Failure } from "../exit.ts";
import type { Host } from "../host/host.ts";
import { type BatchWish, type HotplugAnswer, hotplugAnswerSchema } from "../model/hotplug.ts";

/** What the run that leads has of the others. */
export interface Batch {
  /** Those that wait now, and want the same of IMDS and of the machine. */
  readonly wishes: () => Promise<readonly BatchWish[]>;
  readonly answer: (wish: BatchWish, answer: HotplugAnswer) => Promise<void>;
  /** Of one that is not answered: takes it away where nobody waits for it. */
  readonly drop: (wish: BatchWish) => Promise<void>;
}

type BatchHost = Pick<Host, "clock" | "files" | "log" | "pid" | "signal" | "takeLock">;

interface Wanted {
  readonly mac: string;
  /** Runs with the same key want the same. */
  readonly key: string;
  /** On `Clock.now`: until then somebody else is waited for. */
  readonly deadlineMs: number;
}

/** Where runs that go on at the same time meet. */
const batchFolder = "/run/ec2nic/batch";

const lookAgainMs = 100;

/**
 * Many NICs that come at once are one batch: the first run `lead`s, watches the NICs of all over one
 * conversation and activates them together; the others leave a wish, and wait for its answer. Where
 * the one that leads ends or dies without one, the next leads: nothing is missed, nothing done twice.
 * Throws `TEMPFAIL` where neither comes in time.
 */
export async function joinBatch<T>(
  host: BatchHost,
  wanted: Wanted,
  lead: (batch: Batch) => Promise<T>,
): Promise<T | HotplugAnswer> {
  await host.files.makeFolder(batchFolder, 0o700);
  const id = `${host.pid}`;
  const { mac, key } = wanted;
  const wish = { mac, key, elapsedMs: host.clock.now() };
  await host.files.remove(answerPath(id));
  await host.files.write(wishPath(id), JSON.stringify(wish), 0o600);
  try {
    const turn = await awaitTurn(host, wanted, id);
    if (typeof turn !== "function") return turn;
    try {
      return await lead(batchFor(host, key, id));
    } finally {
      turn();
    }
  } finally {
    await host.files.remove(wishPath(id));
    await host.files.remove(answerPath(id));
  }
}

/** Either somebody answers, or it is this run's turn. An answer counts more. */
async function awaitTurn(
  host: BatchHost,
  { mac, key, deadlineMs }: Wanted,
  id: string,
): Promise<HotplugAnswer | (() => void)> {
  for (let tries = 1; ; tries += 1) {
    const release = await host.takeLock(lockPath(key));
    const answer = await readJson(host, answerPath(id), hotplugAnswerSchema);
    if (answer !== null) {
      release?.();
      return answer;
    }
    host.log.waiting(null);
    if (release !== null) return release;
    if (host.clock.now() >= deadlineMs) {
      const hint = "ec2nic hotplug sync, when it is done";
      throw new Failure("TEMPFAIL", `${mac}: another run has the care of it, and is not done`, {
        hint,
      });
    }
    const reason = "another run asks for it, too";
    host.log.waiting({ what: `eni for ${mac}`, reason, tries, deadlineMs });
    await host.clock.sleep(lookAgainMs, host.signal);
  }
}

const wishSchema = v.object({ mac: v.string(), key: v.string(), elapsedMs: v.number() });

function batchFor(host: BatchHost, key: string, own: string): Batch {
  return {
    wishes: async () => {
      const names = await host.files.list(batchFolder);
      const ids = names.flatMap((name) => /^(\d+)\.wish$/.exec(name)?.[1] ?? []);
      const wishes = await Promise.all(
        ids.map(async (id) => {
          if (id === own || names.includes(`${id}.answer`)) return [];
          const wish = await readJson(host, wishPath(id), wishSchema);
          if (wish === null || wish.key !== key) return [];
          return [{ ...wish, id, isAlive: await isThere(host, id) }];
        }),
      );
      return wishes.flat();
    },
    answer: async ({ id }, answer) => {
      // where nobody waits any more, nobody would take the files away
      if (!(await isThere(host, id))) return host.files.remove(wishPath(id));
      await host.files.write(answerPath(id), JSON.stringify(answer), 0o600);
    },
    drop: async ({ id }) => {
      if (!(await isThere(host, id))) await host.files.remove(wishPath(id));
    },
  };
}

/** Whether the run with this process id is there. */
export async function isThere(host: Pick<Host, "files">, id: string): Promise<boolean> {
  return (await host.files.stat(`/proc/${id}`)) !== null;
}

async function readJson<S extends v.GenericSchema>(
  host: BatchHost,
  path: string,
  schema: S,
): Promise<v.InferOutput<S> | null> {
  const bytes = await host.files.read(path);
  if (bytes === null) return null;
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), schema), decode(bytes));
  return parsed.success ? parsed.output : null;
}

function decode(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

/** One for each key: who wants something else need not wait. Of two that share one, one waits. */
function lockPath(key: string): string {
  const bytes = new TextEncoder().encode(key);
  const hash = bytes.reduce((sum, byte) => (sum * 31 + byte) % 0xffffffff, 7);
  return `${batchFolder}/lock-${hash.toString(16)}`;
}

function wishPath(id: string): string {
  return `${batchFolder}/${id}.wish`;
}

function answerPath(id: string): string {
  return `${batchFolder}/${id}.answer`;
}

/**
 * Takes away what runs that were killed have wished for, or were answered: whoever leads next would
 * see to it, but where all is configured there is nothing to see to, and nobody may lead again. What
 * processes that are there wish for stays. Throws `NOPERM` or `CANTCREAT`.
 */
export async function forgetWishes(host: Pick<Host, "files">): Promise<void> {
  for (const name of await host.files.list(batchFolder)) {
    const id = /^(\d+)\.(?:wish|answer)$/.exec(name)?.[1];
    const isDead = id !== undefined && !(await isThere(host, id));
    if (isDead) await host.files.remove(`${batchFolder}/${name}`);
  }
}
