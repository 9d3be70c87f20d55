import * as v from "valibot";
import { Failure } from "../exit.ts";
import type { Host } from "../host/host.ts";
import { readJson } from "../inspect/read-json.ts";
import { type JoinRequest, type HotplugAnswer, hotplugAnswerSchema } from "../model/hotplug.ts";

/** What the run that leads has of the others. */
export interface Followers {
  /** Those that wait now, and want the same of IMDS and of the machine. */
  readonly listRequests: () => Promise<readonly JoinRequest[]>;
  readonly answer: (joinRequest: JoinRequest, joinAnswer: HotplugAnswer) => Promise<void>;
  /** Of one that is not answered: takes it away where nobody waits for it. */
  readonly discard: (joinRequest: JoinRequest) => Promise<void>;
}

type LeaderHost = Pick<Host, "clock" | "files" | "log" | "pid" | "signal" | "takeLock">;

interface JoinOptions {
  readonly mac: string;
  /** Runs with the same key want the same. */
  readonly key: string;
  /** On `Clock.now`: until then somebody else is waited for. */
  readonly deadlineMs: number;
}

/** Where runs that go on at the same time meet. */
const joinDirectory = "/run/ec2nic/batch";

const turnPollMs = 100;

/**
 * Many NICs that come at once are one batch: the first run `lead`s, watches the NICs of all over one
 * conversation and activates them together; the others leave a wish, and wait for its answer. Where
 * the one that leads ends or dies without one, the next leads: nothing is missed, nothing done twice.
 * Throws `TEMPFAIL` where neither comes in time.
 */
export async function leadOrJoin<T>(
  host: LeaderHost,
  joinOptions: JoinOptions,
  runAsLeader: (followers: Followers) => Promise<T>,
): Promise<T | HotplugAnswer> {
  await host.files.mkdir(joinDirectory, 0o700);
  const id = `${host.pid}`;
  const { mac, key } = joinOptions;
  const joinRequest = { mac, key, elapsedMs: host.clock.now() };
  await host.files.remove(answerPath(id));
  await host.files.write(requestPath(id), JSON.stringify(joinRequest), 0o600);
  try {
    const answerOrRelease = await waitForTurn(host, joinOptions, id);
    if (typeof answerOrRelease !== "function") return answerOrRelease;
    try {
      return await runAsLeader(createFollowers(host, key, id));
    } finally {
      answerOrRelease();
    }
  } finally {
    await host.files.remove(requestPath(id));
    await host.files.remove(answerPath(id));
  }
}

/** Either somebody answers, or it is this run's turn. An answer counts more. */
async function waitForTurn(
  host: LeaderHost,
  { mac, key, deadlineMs }: JoinOptions,
  id: string,
): Promise<HotplugAnswer | (() => void)> {
  for (let tries = 1; ; tries += 1) {
    const release = await host.takeLock(lockPath(key));
    const joinAnswer = await readJson(host, answerPath(id), hotplugAnswerSchema);
    if (joinAnswer !== null) {
      release?.();
      return joinAnswer;
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
    await host.clock.sleep(turnPollMs, host.signal);
  }
}

const joinRequestSchema = v.object({ mac: v.string(), key: v.string(), elapsedMs: v.number() });

function createFollowers(host: LeaderHost, key: string, ownId: string): Followers {
  return {
    listRequests: async () => {
      const names = await host.files.list(joinDirectory);
      const ids = names.flatMap((name) => /^(\d+)\.wish$/.exec(name)?.[1] ?? []);
      const joinRequests = await Promise.all(
        ids.map(async (id) => {
          if (id === ownId || names.includes(`${id}.answer`)) return [];
          const joinRequest = await readJson(host, requestPath(id), joinRequestSchema);
          if (joinRequest === null || joinRequest.key !== key) return [];
          return [{ ...joinRequest, id, isAlive: await isProcessAlive(host, id) }];
        }),
      );
      return joinRequests.flat();
    },
    answer: async ({ id }, joinAnswer) => {
      // where nobody waits any more, nobody would take the files away
      if (!(await isProcessAlive(host, id))) return host.files.remove(requestPath(id));
      await host.files.write(answerPath(id), JSON.stringify(joinAnswer), 0o600);
    },
    discard: async ({ id }) => {
      if (!(await isProcessAlive(host, id))) await host.files.remove(requestPath(id));
    },
  };
}

/** Whether the run with this process id is there. */
export async function isProcessAlive(host: Pick<Host, "files">, id: string): Promise<boolean> {
  return (await host.files.stat(`/proc/${id}`)) !== null;
}

/** One for each key: who wants something else need not wait. Of two that share one, one waits. */
function lockPath(key: string): string {
  const bytes = new TextEncoder().encode(key);
  const hash = bytes.reduce((sum, byte) => (sum * 31 + byte) % 0xffffffff, 7);
  return `${joinDirectory}/lock-${hash.toString(16)}`;
}

function requestPath(id: string): string {
  return `${joinDirectory}/${id}.wish`;
}

function answerPath(id: string): string {
  return `${joinDirectory}/${id}.answer`;
}

/**
 * Takes away what runs that were killed have wished for, or were answered: whoever leads next would
 * see to it, but where all is configured there is nothing to see to, and nobody may lead again. What
 * processes that are there wish for stays. Throws `NOPERM` or `CANTCREAT`.
 */
export async function removeStaleRequests(host: Pick<Host, "files">): Promise<void> {
  for (const name of await host.files.list(joinDirectory)) {
    const id = /^(\d+)\.(?:wish|answer)$/.exec(name)?.[1];
    const isDead = id !== undefined && !(await isProcessAlive(host, id));
    if (isDead) await host.files.remove(`${joinDirectory}/${name}`);
  }
}
