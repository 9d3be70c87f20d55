import { adversarialValues } from "../adversarial-values.ts";
import type { Chance } from "../chance.ts";
import { honest, latin1, type Mutation } from "./wire.ts";

type Change = (body: Uint8Array, chance: Chance, others: readonly Uint8Array[]) => Uint8Array;

/** What can be wrong with what an answer says; as HTTP it is all right. */
export const bodyMutations: Readonly<Record<string, Mutation>> = {
  "another's body": changed((_, chance, others) => chance.pick(others)),
  "lines of a listing": changed((body, chance) => {
    const lines = Buffer.from(body).toString("latin1").split("\n");
    const at = chance.below(lines.length);
    const line = lines[at] ?? "";
    const more = chance.pick([
      [],
      [line, line],
      [`${line}/`],
      [line.replace(/\/$/, "")],
      [...lines],
      [chance.pick(names)],
      [line, chance.pick(names)],
      [`${chance.pick(names)}${line}`],
      [`${line}${chance.pick(names)}`],
    ]);
    return latin1(
      [...lines.slice(0, at), ...more, ...lines.slice(at + 1)].join(
        chance.pick(["\n", "\n", "\n", "\r\n", "\r"]),
      ),
    );
  }),
  "a long listing": changed((_, chance) => {
    const count = chance.pick([100, 1000, 20_000]);
    const end = chance.pick(["", "/"]);
    return latin1(Array.from({ length: count }, (_, at) => `n${at}${end}`).join("\n"));
  }),
  "a value for configuration": changed((_, chance) => latin1(chance.pick(leaves))),
  "a list for configuration": changed((body, chance) => {
    const more = Array.from({ length: 1 + chance.below(3) }, () => chance.pick(leaves));
    const own = chance.below(2) === 0 ? [Buffer.from(body).toString("latin1")] : [];
    return latin1([...own, ...more].join("\n"));
  }),
  "something added": changed((body, chance) => {
    const text = Buffer.from(body).toString("latin1");
    const more = chance.pick(additions);
    const at = chance.below(text.length + 1);
    return latin1(text.slice(0, at) + more + text.slice(at));
  }),
  "a hostile value": changed((_, chance) =>
    Buffer.from(chance.pick(Object.values(adversarialValues))),
  ),
  "not UTF-8": changed((body, chance) => {
    const odd = chance.pick([
      [0xff],
      [0xc0, 0x80],
      [0xed, 0xa0, 0x80],
      [0xf4, 0x90, 0x80, 0x80],
      [0xe2, 0x82],
      [0xef, 0xbb, 0xbf],
    ]);
    return Buffer.concat(
      chance.pick([
        [Buffer.from(odd), body],
        [body, Buffer.from(odd)],
      ]),
    );
  }),
  empty: changed((_, chance) => latin1(chance.pick(["", "\n", " ", "\r\n", "\u0000"]))),
  large: changed((_, chance) =>
    Buffer.alloc(
      chance.pick([4095, 4097, 65_536, 262_144, 262_145, 400_000]),
      chance.pick(["a", "\n", "a/\n", "\u0000"]),
    ),
  ),
  "a bit of it": changed((body, chance) => {
    const bytes = Buffer.from(body);
    const at = chance.below(Math.max(1, bytes.length));
    bytes[at] = (bytes[at] ?? 0) ^ (1 << chance.below(8));
    return bytes;
  }),
};

function changed(change: Change): Mutation {
  return (answer, { chance, others }) =>
    honest({ ...answer, body: change(answer.body, chance, others) });
}

const names = [
  "..",
  "../",
  ".",
  "/",
  "//",
  "../../user-data",
  "%2e%2e/",
  "..\\",
  "http://127.0.0.1:1/",
  "//127.0.0.1:1/",
  "a?b",
  "a#b",
  "?",
  "#",
  "\u0000",
  "\u001b[2J",
  "\u007f",
  "\u0085",
  "__proto__",
  "__proto__/",
  "constructor/",
  "0=key",
  "0=../..",
  "iam/",
  "user-data",
  "a b",
  " ",
  "\t",
  "mac",
  "x".repeat(512),
  "x".repeat(513),
  "local-ipv4s",
  "device-number",
  "macs/",
  "a:b",
  "06:ec:2a:00:00:01/",
  "06:EC:2A:00:00:01/",
  "06-ec-2a-00-00-01/",
  "ff:ff:ff:ff:ff:ff/",
  "00:00:00:00:00:00/",
  "%",
  "%0a",
  "a;b",
  "latest/",
] as const;

/** Nearly what a leaf of an ENI would hold, and what each reader of configuration finds special. */
const leaves = [
  "0.0.0.0",
  "255.255.255.255",
  "127.0.0.1",
  "169.254.169.254",
  "224.0.0.1",
  "10.0.1.0/24",
  "0.0.0.0/0",
  "10.0.0.0/8",
  "10.0.1.10",
  "10.0.1.1",
  "10.0.1.255",
  "010.0.1.10",
  "10.0.1.10/24",
  "10.0.1.10%eth0",
  "10.0.1.10 10.0.1.11",
  "10.0.1.32/28",
  "10.0.1.33/28",
  "::",
  "::1",
  "::/0",
  "fe80::1",
  "ff02::1",
  "fd00:ec2::254",
  "fd00:ec2::/32",
  "::ffff:10.0.0.1",
  "2001:db8::/32",
  "2001:db8::1",
  "fe80::/10",
  "2001:db8:0:1::/64",
  "0",
  "1",
  "99",
  "100",
  "199",
  "200",
  "-1",
  "+1",
  "1e1",
  "0x1",
  "01",
  "1.0",
  "NaN",
  "999999999999999999999",
  "eni-0",
  "eni-",
  "eni-0ec2\n[Service]\nExecStart=/bin/sh",
  "eni-x: {y: z}",
  "eni-x\r# y",
  "eni-x]",
  "eni-\u0000",
  "eni-ABC",
  "eni-é",
  "eni-x\\",
  "eni-x #",
  '"',
  "'",
  "yes",
  "null",
  "~",
  "06:ec:2a:00:00:00",
  "06:EC:2A:00:00:00",
  "06:ec:2a:00:00:00\n06:ec:2a:00:00:01",
  "ff:ff:ff:ff:ff:ff",
  "00:00:00:00:00:00",
  "01:00:5e:00:00:01",
  "12:34:56:12:34:56",
] as const;

const additions = [
  "\n",
  "\r\n",
  "\u0000",
  "\u001b[31m",
  "\u009b",
  "\n[Service]\nExecStart=/bin/sh -c id\n",
  "\n      evil: yes\n",
  '"\n',
  "'",
  "\\",
  "$(id)",
  "`id`",
  "%n",
  "%i",
  "../",
  "\u0085",
  "\u00e2\u0080\u00a8",
  "\u00ef\u00bb\u00bf",
  ",",
  ";",
  "#",
  "/0",
  "/33",
  ".1",
  ":",
  " ",
  "\t",
  "0",
  "9".repeat(40),
  "{}",
  "[]",
  "&a *a",
  "!!js/function x",
] as const;
