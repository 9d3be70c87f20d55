import * as v from "valibot";
import { Failure } from "../exit.ts";
import type { FileHost, Host, Release } from "../host/host.ts";
import { readJson } from "../inspect/read-json.ts";
import { type HotplugAnswer, hotplugAnswerSchema, type JoinRequest } from "../model/hotplug.ts";

/** The other processes that the leader works for. */
export interface Followers {
  /** The unanswered requests of processes with the same key. */
  readonly listRequests: () => Promise<readonly JoinRequest[]>;
  readonly answer: (request: JoinRequest, answer: HotplugAnswer) => Promise<void>;
  /** Removes an unanswered request if the process that wrote it has ended. */
  readonly discard: (request: JoinRequest) => Promise<void>;
}

type LeaderHost = Pick<Host, "clock" | "files" | "log" | "pid" | "signal" | "takeLock">;

interface JoinOptions {
  readonly mac: string;
  /** Equal for processes that can work for each other, because their options are the same. */
  readonly key: string;
  /** Until when this process waits for another one, on `Clock.now`. */
  readonly deadlineMs: number;
}

/** The directory of the locks, requests and answers. */
const joinDirectory = "/run/ec2nic/batch";

const turnPollMs = 100;

/**
 * Runs `runAsLeader`, or waits for an answer if another process is the leader. Many NICs can be
 * attached at the same time. The leader watches the NICs of all processes over one connection to
 * IMDS and activates them together. If the leader ends without an answer, the next process becomes
 * the leader, so that each NIC is configured, and only once. Throws `TEMPFAIL` if this process gets
 * neither an answer nor the lock before the deadline, and what `runAsLeader` throws.
 */
export async function leadOrJoin<T>(
  host: LeaderHost,
  options: JoinOptions,
  runAsLeader: (followers: Followers) => Promise<T>,
): Promise<T | HotplugAnswer> {
  await host.files.mkdir(joinDirectory, 0o700);
  const id = `${host.pid}`;
  const { mac, key } = options;
  await host.files.remove(answerPath(id));
  const request = { mac, key, elapsedMs: host.clock.now() };
  await host.files.write(requestPath(id), JSON.stringify(request), 0o600);
  try {
    const answerOrRelease = await waitForTurn(host, options, id);
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

/** Waits for an answer, or for the lock of the leader. If both arrive, the answer is returned. */
async function waitForTurn(
  host: LeaderHost,
  { mac, key, deadlineMs }: JoinOptions,
  id: string,
): Promise<HotplugAnswer | Release> {
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
      const message = `${mac}: another ec2nic process is still configuring this NIC`;
      const hint = "when that process has ended, run: ec2nic hotplug sync";
      throw new Failure("TEMPFAIL", message, { hint });
    }
    const reason = "another ec2nic process is configuring this NIC";
    host.log.waiting({ what: `ENI for ${mac}`, reason, tries, deadlineMs });
    await host.clock.sleep(turnPollMs, host.signal);
  }
}

const joinRequestSchema = v.object({ mac: v.string(), key: v.string(), elapsedMs: v.number() });

function createFollowers(host: LeaderHost, key: string, ownId: string): Followers {
  return {
    listRequests: async () => {
      const names = await host.files.list(joinDirectory);
      const ids = names.flatMap((name) => /^(\d+)\.wish$/.exec(name)?.[1] ?? []);
      const waiting = ids.filter((id) => id !== ownId && !names.includes(`${id}.answer`));
      const requests = waiting.map(async (id) => {
        const request = await readJson(host, requestPath(id), joinRequestSchema);
        if (request?.key !== key) return [];
        return [{ ...request, id, isAlive: await isProcessAlive(host, id) }];
      });
      return (await Promise.all(requests)).flat();
    },
    answer: async ({ id }, answer) => {
      // a process that has ended would never remove its answer
      if (!(await isProcessAlive(host, id))) return host.files.remove(requestPath(id));
      await host.files.write(answerPath(id), JSON.stringify(answer), 0o600);
    },
    discard: async ({ id }) => {
      if (!(await isProcessAlive(host, id))) await host.files.remove(requestPath(id));
    },
  };
}

/** Whether a process with this id exists. */
export async function isProcessAlive(host: FileHost, id: string): Promise<boolean> {
  return (await host.files.stat(`/proc/${id}`)) !== null;
}

/** One lock for each key. If two keys have the same hash, their processes wait for each other. */
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
 * Removes the requests and answers of processes that were killed. A leader removes them too, but
 * perhaps no process becomes the leader again. Throws `NOPERM` or `CANTCREAT`.
 */
export async function removeStaleRequests(host: FileHost): Promise<void> {
  for (const name of await host.files.list(joinDirectory)) {
    const id = /^(\d+)\.(?:wish|answer)$/.exec(name)?.[1];
    const isStale = id !== undefined && !(await isProcessAlive(host, id));
    if (isStale) await host.files.remove(`${joinDirectory}/${name}`);
  }
}
