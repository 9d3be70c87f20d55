import { expect, test } from "bun:test";
import type { VerdictWord } from "../../../../src/model/probe.ts";
import { diagnoseImdsPath } from "../../../../src/probe/diagnose/diagnose.ts";
import type { PathEvidence } from "../../../../src/probe/diagnose/evidence.ts";
import { pathEvidence, probeOf } from "../../../kit/facts/path-evidence.ts";

const answer = (token: string, more = {}) => ({
  probe: probeOf({ connect: "ok", token, ...more }, { retries: 2 }),
});
const defaults = pathEvidence();
const aws = "aws ec2 modify-instance-metadata-options --instance-id i-0123456789abcdef0";

const cases: readonly {
  readonly what: string;
  readonly given: Partial<PathEvidence>;
  readonly word: VerdictWord;
  readonly says?: string;
  readonly fix?: readonly string[];
}[] = [
  {
    what: "PUT gets no answer, GET gets one",
    given: answer("silent", { invalidToken: "401" }),
    word: "hop-limit",
    fix: [`${aws} --http-put-response-hop-limit 2`],
  },
  {
    what: "PUT and GET get no answer",
    given: answer("silent", { invalidToken: "silent" }),
    word: "silent",
  },
  { what: "GET gets no answer", given: answer("ok", { read: "silent" }), word: "silent" },
  {
    what: "PUT gets 403",
    given: { ...answer("403"), machine: { ...defaults.machine, instanceId: null } },
    word: "switched-off",
    fix: [
      "aws ec2 modify-instance-metadata-options --instance-id INSTANCE_ID --http-endpoint enabled",
    ],
  },
  {
    what: "PUT gets 403, but IMDS answers elsewhere",
    given: { ...answer("403"), isReachedElsewhere: true },
    word: "switched-off",
    says: "although it answers elsewhere",
  },
  { what: "PUT gets 429", given: answer("429"), word: "throttled", says: "429, 3 times in a row" },
  { what: "GET gets 503", given: answer("ok", { read: "503" }), word: "throttled" },
  { what: "PUT gets 500", given: answer("500"), word: "service-error" },
  { what: "the connection is reset", given: answer("ECONNRESET"), word: "service-error" },
  { what: "PUT gets 404", given: answer("404"), word: "not-imds", says: "it answers with 404" },
  { what: "PUT gets a login page", given: answer("no-token"), word: "not-imds" },
  {
    what: "packets are lost after the connection was made",
    given: answer("ETIMEDOUT"),
    word: "no-answer",
  },
];

/** The kernel's own route leads through the probed NIC, so that a fix needs no route. */
const pathFacts = {
  ...defaults.pathFacts,
  unboundRoute: { kind: "route", gateway: null, nic: "ens6" },
} as const;

for (const { what, given, word, says = "", fix = null } of cases) {
  test(`${what}: ${word}`, () => {
    const verdict = diagnoseImdsPath(pathEvidence({ pathFacts, ...given }));
    expect(verdict).toMatchObject({ word, fix });
    expect(verdict.text).toContain(says);
  });
}
