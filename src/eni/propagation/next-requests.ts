import type { EniKnowledge } from "./knowledge.ts";
import { type EniMemory, freshLeaves } from "./memory.ts";
import { nameOfQuestion, type Question } from "./request.ts";
import type { Awaited } from "./judge.ts";

/** When each question was asked last, by its name. */
export type AskedMs = Readonly<Record<string, number>>;

/** An ENI that is still watched, and what it waits for. */
export interface Waiter {
  readonly mac: string;
  readonly awaits: Awaited;
}

/** How much sooner these are looked at again: addresses come late, names and networks hardly. */
const hurry = 4;
const hurried = ["local-ipv4s", "ipv6s", "ipv4-prefix", "ipv6-prefix"];

/**
 * The one question of a poll: what an ENI waits for, longest unasked first. One missing thing is
 * watched at a time, for all must come anyway; the rest is asked the moment it has come.
 */
export function pacedQuestion(
  knowledge: EniKnowledge,
  waiters: readonly Waiter[],
  askedMs: AskedMs,
): Question | null {
  return longestUnasked(
    waiters.flatMap((waiter) => awaitedQuestions(knowledge, waiter)),
    askedMs,
    () => 1,
  );
}

/** Something that is known already: what may have grown without the listing showing it. */
export function checkingQuestion(
  knowledge: EniKnowledge,
  waiters: readonly Waiter[],
  askedMs: AskedMs,
): Question | null {
  const questions = waiters.flatMap(({ mac }): readonly Question[] => {
    const memory = knowledge.memories[mac];
    if (memory?.folder !== "there") return [];
    return [{ what: "folder", mac }, ...leafQuestions(mac, listedLeaves(memory))];
  });
  return longestUnasked(questions, askedMs, (question) =>
    isHurried(question, knowledge) ? hurry : 1,
  );
}

/** A device number of 0 is what is read before the real one, and on another card may be real. */
function isHurried(question: Question, { memories }: EniKnowledge): boolean {
  if (question.what === "folder") return true;
  if (question.what !== "leaf") return false;
  if (hurried.includes(question.name)) return true;
  const { mac, name } = question;
  return name === "device-number" && memories[mac]?.leaves[name]?.value === "0";
}

/** What answers have made worth asking at once. `hasNews`: they said something new of that MAC. */
export function followUps(
  knowledge: EniKnowledge,
  waiters: readonly Waiter[],
  hasNews: (mac: string) => boolean,
): readonly Question[] {
  const questions = waiters.flatMap((waiter): readonly Question[] => {
    const memory = knowledge.memories[waiter.mac];
    if (memory === undefined || memory.listedMs === null) return [];
    const { mac } = memory;
    return [
      ...(memory.folder === "unread" ? [{ what: "folder", mac } as const] : []),
      ...leafQuestions(mac, freshLeaves(memory)),
      ...aboutInstance(knowledge, memory),
      ...(hasNews(mac) ? awaitedQuestions(knowledge, waiter) : []),
    ];
  });
  return [...new Map(questions.map((each) => [nameOfQuestion(each), each])).values()];
}

function aboutInstance(
  { primaryMac, primaryHasCard }: EniKnowledge,
  { mac, folder, leaves }: EniMemory,
): readonly Question[] {
  if (primaryMac === null) return [{ what: "mac" }];
  const isOpen = folder === "there" && leaves["network-card"] === undefined;
  if (!isOpen || mac === primaryMac || primaryHasCard !== null) return [];
  return [{ what: "cards", mac: primaryMac }];
}

function awaitedQuestions(
  { primaryMac }: EniKnowledge,
  { mac, awaits }: Waiter,
): readonly Question[] {
  if (typeof awaits === "object") return [{ what: "leaf", mac, name: awaits.leaf }];
  if (awaits === "macs" || awaits === "mac") return [{ what: awaits }];
  if (awaits === "folder") return [{ what: "folder", mac }];
  return primaryMac === null ? [{ what: "mac" }] : [{ what: "cards", mac: primaryMac }];
}

function listedLeaves({ leaves }: EniMemory): readonly string[] {
  return Object.keys(leaves).filter((name) => leaves[name]?.isListed === true);
}

function leafQuestions(mac: string, names: readonly string[]): readonly Question[] {
  return names.map((name) => ({ what: "leaf", mac, name }));
}

function longestUnasked(
  questions: readonly Question[],
  askedMs: AskedMs,
  weightOf: (question: Question) => number,
): Question | null {
  // ages count back from the last question of all; what was never asked is the oldest
  const now = Math.max(0, ...Object.values(askedMs));
  const age = (question: Question): number => {
    const lastMs = askedMs[nameOfQuestion(question)];
    return lastMs === undefined ? Infinity : (now - lastMs) * weightOf(question);
  };
  return questions.toSorted((a, b) => compareAges(age(b), age(a)))[0] ?? null;
}

/** Infinity - Infinity is no number to sort by. */
function compareAges(left: number, right: number): number {
  return left === right ? 0 : left - right;
}
