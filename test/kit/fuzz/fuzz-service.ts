import { SimulatedInstance } from "../../../scripts/simulator/scenario/simulated-instance.ts";
import type { RawRequest } from "./fuzz-server.ts";
import { randomFor, type MutationGroup, mutate } from "./mutations/mutate.ts";
import { latin1, type RawAnswer } from "./mutations/raw-answer.ts";

export interface ServicePlan {
  readonly seed: number;
  readonly group: MutationGroup;
  readonly rate: number;
  /** Paths below `latest/` that may be requested without being listed, without a slash at the end. */
  readonly allowed: readonly string[];
  /** The only valid Host header. */
  readonly host: string;
  /** The path before `/latest` in the requests of this round. */
  readonly below: string;
  readonly trap: string;
}

/** A metadata service that sends wrong answers and checks the requests. */
export interface FuzzService {
  readonly answer: (request: RawRequest) => RawAnswer;
  /** Mutated answers, by kind. */
  readonly sent: Readonly<Record<string, number>>;
  /** Requests that a correct client does not send. */
  readonly faults: readonly string[];
}

const macs = ["06:ec:2a:00:00:00", "06:ec:2a:00:00:01", "06:ec:2a:00:00:02"] as const;

/** An instance with one to three ENIs. */
function instanceFor(seed: number): SimulatedInstance {
  const random = randomFor(seed, "instance");
  const enis = macs.slice(0, 1 + random.below(3)).map((mac, device) => {
    return {
      mac,
      device,
      dualStack: random.below(2) === 0,
      ipv4Prefixes: random.below(2) === 0 ? [`10.0.${device}.32/28`] : [],
    };
  });
  const set = {
    "tags/instance/Name": "fuzz",
    "iam/info": "{}",
    "public-keys/0/openssh-key": "ssh-ed25519 AAAA",
  };
  return new SimulatedInstance({ enis, set }, () => 0);
}

export function fuzzService(plan: ServicePlan): FuzzService {
  const { seed, trap } = plan;
  const { metadata } = instanceFor(seed);
  const others = [
    "mac",
    "instance-id",
    "",
    "network/interfaces/macs",
    `network/interfaces/macs/${macs[0]}`,
    "local-ipv4",
  ].flatMap(
    (key) => metadata.read(["meta-data", ...key.split("/").filter((name) => name !== "")]) ?? [],
  );
  const served = new Map<string, readonly Uint8Array[]>();
  const visits = new Map<string, number>();
  const sent: Record<string, number> = {};
  const faults: string[] = [];
  const answer = (asked: RawRequest): RawAnswer => {
    const request = { ...asked, target: asked.target.slice(plan.below.length) };
    const { method, target } = request;
    // a request of an earlier round, which was still in a queue
    if (!asked.target.startsWith(`${plan.below}/`))
      return { bytes: latin1(""), after: "reset", drip: null };
    const fault = faultOf(request, plan, served);
    if (fault !== null) faults.push(`${fault}: ${JSON.stringify(`${method} ${target}`)}`);
    const id = `${method} ${target}`;
    const visit = visits.get(id) ?? 0;
    visits.set(id, visit + 1);
    const path = pathOf(target);
    const body = method === "PUT" ? latin1("AQAEA-fuzz-token==") : metadata.read(path.slice(1));
    const plainAnswer = {
      method,
      path: target,
      status: body === null ? 404 : 200,
      body: body ?? latin1("404"),
    };
    const context = { random: randomFor(seed, id, visit), trap, others };
    const { kind, rawAnswer } = mutate(plainAnswer, context, plan);
    if (kind !== null) sent[kind] = (sent[kind] ?? 0) + 1;
    // with the other groups, answers can be mixed up: each of them may have listed the path
    const at = plan.group === "body" ? path.join("/") : "";
    served.set(at, [...(served.get(at) ?? []), rawAnswer.bytes]);
    return rawAnswer;
  };
  return { answer, sent, faults };
}

/** The decoded names of a target. */
function pathOf(target: string): readonly string[] {
  return target
    .split("/")
    .filter((name) => name !== "")
    .map((name) => {
      try {
        return decodeURIComponent(name);
      } catch {
        return name;
      }
    });
}

function faultOf(
  { method, target, headers, fault }: RawRequest,
  plan: ServicePlan,
  served: ReadonlyMap<string, readonly Uint8Array[]>,
): string | null {
  if (fault !== null) return `not a valid request (${JSON.stringify(fault)})`;
  if (headers["host"] !== plan.host) return `for the host ${headers["host"] ?? "?"}`;
  const isToken = target === "/latest/api/token";
  if (isToken !== (method === "PUT")) return "the wrong method";
  if (isToken)
    return headers["x-aws-ec2-metadata-token"] === undefined
      ? null
      : "a token in the request for a token";
  if ((headers["x-aws-ec2-metadata-token"] ?? "") === "") return "without a token";
  if (new URL(target, "http://imds").pathname !== target) return "a path that a URL parser changes";
  const path = pathOf(target);
  if (path[0] !== "latest") return "outside of latest/";
  if (plan.allowed.includes(path.slice(1).join("/"))) return null;
  const parent = plan.group === "body" ? path.slice(0, -1).join("/") : "";
  const isExact = plan.group === "body";
  const answers = served.get(parent) ?? [];
  const isListed = answers.some((bytes) => isListedIn(bytes, path.at(-1) ?? "", isExact));
  return isListed ? null : "neither asked for nor listed";
}

/** `isExact`: the name must be a line; else chunks, cuts and flips may have formed it from any bytes. */
function isListedIn(bytes: Uint8Array, last: string, isExact: boolean): boolean {
  const name = Buffer.from(last).toString("latin1");
  const raw = Buffer.from(bytes).toString("latin1");
  const lines = raw.slice(raw.indexOf("\r\n\r\n") + 4).split("\n");
  const isLine = lines.some(
    (line) => [name, `${name}/`].includes(line) || line.startsWith(`${name}=`),
  );
  return isLine || (!isExact && isWithin(raw, name));
}

/** Whether `text` has the characters of `name` in this order: chunks and cuts leave bytes out. */
function isWithin(text: string, name: string): boolean {
  let at = -1;
  for (const character of name) {
    at = text.indexOf(character, at + 1);
    if (at < 0) return false;
  }
  return true;
}
