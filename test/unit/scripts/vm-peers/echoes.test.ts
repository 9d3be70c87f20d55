import { expect, test } from "bun:test";
import {
  allAnsweredSince,
  answeredSince,
  countLost,
  firstAnswer,
  parseEchoes,
  unanswered,
} from "../../../../scripts/vm-peers/measure/echoes.ts";

/** `a` is answered, lost and answered again; `b` is answered and lost; `c` is never answered. */
const echoes = parseEchoes(`sent 1.000 a 1
sent 1.001 b 1
back 1.010 a 1
sent 1.250 a 2
sent 1.251 b 2
back 1.260 b 2
sent 1.500 a 3
sent 1.501 b 3
sent 1.502 c 3
sent 1.750 a 4
back 1.760 a 4
back 1.900 a 3
`);

test("parseEchoes assigns an answer to its echo, also where it is late", () => {
  expect(echoes.filter(({ address }) => address === "a").map(({ backS }) => backS)).toEqual([
    1.01,
    null,
    1.9,
    1.76,
  ]);
});

test.each([
  { address: "a", since: 1.9, lost: 1 },
  { address: "b", since: null, lost: 2 },
  { address: "c", since: null, lost: 1 },
  { address: "d", since: null, lost: 0 },
])("answeredSince and countLost count the echoes of address $address", (each) => {
  expect(answeredSince(echoes, each.address)).toBe(each.since);
  expect(countLost(echoes, each.address)).toBe(each.lost);
});

test("firstAnswer takes any address, allAnsweredSince needs all of them", () => {
  expect(firstAnswer(echoes, ["b", "a"])).toBe(1.01);
  expect(firstAnswer(echoes, ["c"])).toBeNull();
  expect(allAnsweredSince(echoes, ["a"])).toBe(1.9);
  expect(allAnsweredSince(echoes, ["a", "b"])).toBeNull();
  expect(unanswered(echoes, ["a", "b", "c"])).toEqual(["b", "c"]);
});
