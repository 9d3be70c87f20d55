import { Failure } from "../../exit.ts";
import { decodeText, leafValue, type MetadataPath } from "../../model/metadata.ts";
import type { LeafValue } from "./memory.ts";
import { eniLeaves } from "../schema.ts";
import { parseListing } from "../../imds/metadata/listing.ts";
import type { ImdsSession } from "../../imds/session.ts";

/** One request about ENIs that were plugged in. `cards`: the listing of the primary's folder. */
export type Question =
  | { readonly what: "macs" | "mac" }
  | { readonly what: "folder" | "cards"; readonly mac: string }
  | { readonly what: "leaf"; readonly mac: string; readonly name: string };

/** What one look came to; trouble says nothing of what was asked for. */
export type Heard =
  | { readonly question: Question; readonly kind: "value"; readonly value: LeafValue }
  | { readonly question: Question; readonly kind: "absent" }
  | {
      readonly question: Question;
      readonly kind: "trouble";
      /** What the run ends with when nothing better is ever heard. */
      readonly failure: Failure;
      readonly retryAfterMs: number | null;
      /** It ended because the run's time did: that says little of IMDS. */
      readonly isCutByDeadline: boolean;
      /** It was tried again as often as may be: without a token nothing can be asked. */
      readonly isSpent: boolean;
    };

export type HeardTrouble = Extract<Heard, { kind: "trouble" }>;

export function isTrouble(heard: Heard): heard is HeardTrouble {
  return heard.kind === "trouble";
}

const macsPath = ["meta-data", "network", "interfaces", "macs"];

/** Unique, for whoever remembers what was asked. */
export function nameOfQuestion(question: Question): string {
  return `${question.what} ${pathOf(question).join("/")}`;
}

/**
 * Asks once. A listing comes as the names that matter, a leaf as `leafValue` has it; an empty leaf
 * is absent: its value is on the way. Throws final refusals: `CONFIG`, and what a signal ends with.
 */
export async function hear(session: Pick<ImdsSession, "look">, question: Question): Promise<Heard> {
  const path = pathOf(question);
  const asFolder = !["mac", "leaf"].includes(question.what);
  const read = async (): Promise<Heard> => {
    const answer = await session.look(path, { asFolder, mayBeEmpty: true });
    if (answer.kind === "absent") return { question, kind: "absent" };
    if (answer.kind === "trouble") {
      const { endsAs, reason, retryAfterMs, isCutByDeadline } = answer.trouble;
      const failure = new Failure(endsAs, `${path.join("/")}: ${reason}`);
      const trouble = { failure, retryAfterMs, isCutByDeadline, isSpent: false };
      return { question, kind: "trouble", ...trouble };
    }
    const value = asFolder
      ? namesIn(answer.body, path)
      : leafValue(path, textOf(answer.body, path));
    const isEmpty = !asFolder && value.length === 0;
    return isEmpty ? { question, kind: "absent" } : { question, kind: "value", value };
  };
  return read().catch((error: unknown) => {
    // no token, or no metadata: both may pass, and what is known stays known
    const isPassing = error instanceof Failure && ["UNAVAILABLE", "DATAERR"].includes(error.kind);
    if (!isPassing) throw error;
    const isSpent = error.kind === "UNAVAILABLE";
    const trouble = { retryAfterMs: null, isCutByDeadline: false, isSpent };
    return { question, kind: "trouble", failure: error, ...trouble };
  });
}

function pathOf(question: Question): MetadataPath {
  if (!("mac" in question)) return question.what === "mac" ? ["meta-data", "mac"] : macsPath;
  const folder = [...macsPath, question.mac];
  return question.what === "leaf" ? [...folder, question.name] : folder;
}

/** Of an ENI's folder only the leaves that configuration needs. */
function namesIn(body: Uint8Array, path: MetadataPath): readonly string[] {
  const entries = parseListing(body, path);
  const isMacs = path.length === macsPath.length;
  const wanted = entries.filter(({ name, isFolder }) => {
    return isMacs || (!isFolder && eniLeaves.includes(name));
  });
  return wanted.map(({ name }) => name);
}

function textOf(body: Uint8Array, path: MetadataPath): string {
  return decodeText(body, path).trim();
}
