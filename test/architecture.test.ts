import { describe, expect, test } from "bun:test";
import { dirname, join, relative } from "node:path";

/**
 * The table of ARCHITECTURE.md: who may import whom, and why not the others. `type host` stands
 * for the type `Host` alone.
 */
const rooms: Readonly<Record<string, { readonly may: readonly string[]; readonly why: string }>> = {
  "": { may: ["commands", "exit", "host", "output", "package"], why: "it only wires" },
  exit: { may: [], why: "everybody imports it" },
  commands: {
    may: [
      "apply",
      "citty",
      "exit",
      "imds",
      "kernel",
      "links",
      "net",
      "output",
      "plan",
      "render",
      "type host",
      "node:util",
    ],
    why: "a command names what happens; effects come in as a Host",
  },
  net: { may: ["exit", "valibot"], why: "words have no I/O" },
  imds: {
    may: ["exit", "net", "type host", "ofetch", "valibot", "node:crypto"],
    why: "asking decides nothing about the machine",
  },
  links: { may: ["exit", "net", "type host"], why: "reading the kernel decides nothing" },
  kernel: {
    may: ["exit", "net", "type host", "valibot"],
    why: "what `ip` prints is parsed at this edge, and judged elsewhere",
  },
  plan: { may: ["exit", "net"], why: "decisions are pure: same facts, same plan" },
  render: { may: ["exit", "net"], why: "rendering is pure: same config, same bytes" },
  output: { may: ["exit", "net"], why: "what is printed is a pure function of what was found" },
  apply: {
    may: ["exit", "net", "type host", "valibot"],
    why: "it carries out a plan and makes none (valibot: it reads back its own notes)",
  },
  host: {
    may: ["exit", "net", "node", "bun:ffi", "consola/core"],
    why: "effects know nothing of what they are used for",
  },
};

interface Import {
  readonly file: string;
  readonly from: string;
  readonly what: string;
}

const root = join(import.meta.dir, "..");
const files = [...new Bun.Glob("src/**/*.ts").scanSync(root)].toSorted();
const sources = await Promise.all(
  files.map(async (file) => ({ file, text: await Bun.file(join(root, file)).text() })),
);

const roomOf = (file: string): string => {
  const [first = "", second] = relative("src", file).split("/");
  if (second !== undefined) return first;
  return first === "main.ts" ? "" : first.replace(/\.ts$/, "");
};

const importsOf = ({ file, text }: { file: string; text: string }): readonly Import[] =>
  [
    ...text.matchAll(/(?:^import |^export )(type )?[^;]*?from "([^"]+)";|import\("([^"]+)"\)/gms),
  ].map(([, type, named, lazy]) => {
    const target = named ?? lazy ?? "";
    if (!target.startsWith(".")) return { file, from: roomOf(file), what: target };
    const path = join(dirname(file), target);
    const room = path === "package.json" ? "package" : roomOf(path);
    return { file, from: roomOf(file), what: type && room === "host" ? "type host" : room };
  });

const isAllowed = ({ from, what }: Import): boolean => {
  const may = rooms[from]?.may ?? [];
  const room = what === "type host" ? "host" : what;
  if (room === from || may.includes(room) || may.includes(what)) return true;
  return may.includes("node") && what.startsWith("node:");
};

describe("the import table", () => {
  for (const [room, { may, why }] of Object.entries(rooms)) {
    test(`src/${room || "main"} imports only ${may.join(", ") || "nothing"}: ${why}`, () => {
      const imports = sources.flatMap(importsOf).filter(({ from }) => from === room);
      expect(imports.filter((each) => !isAllowed(each))).toEqual([]);
    });
  }

  test("every file lies in a room of the table", () => {
    expect(files.filter((file) => rooms[roomOf(file)] === undefined)).toEqual([]);
  });

  test("imports are seen at all", () => {
    expect(sources.flatMap(importsOf).length).toBeGreaterThan(100);
  });
});

describe("what a line may name", () => {
  const bans = [
    { pattern: /\bBun\./, rooms: ["host"], why: "effects come in as a Host" },
    {
      pattern: /\bprocess\./,
      rooms: ["host", ""],
      why: "environment and exit belong to host and main",
    },
    { pattern: /\bprocess\.exit\b/, rooms: [""], why: "one place ends the process" },
    { pattern: /\bconsole\./, rooms: [], why: "stdout is data, and one function owns it" },
    {
      pattern: /\bDate\.now\b/,
      rooms: ["imds"],
      why: "clocks are injected (dates of Retry-After aside)",
    },
    {
      pattern: /\b(?:setTimeout|setInterval)\b/,
      rooms: ["host", "imds"],
      why: "waits are seen in the signature",
    },
    { pattern: /\bMath\.random\b/, rooms: ["host"], why: "chance is injected" },
    { pattern: /\benum\b\s+\w+\s*\{/, rooms: [], why: "unions of words need no run time" },
    {
      pattern: /\bNetworkInterface\b/,
      rooms: [],
      why: "Eni is IMDS's side, Link the kernel's, Nic the pair",
    },
  ] as const;

  for (const { pattern, rooms: allowed, why } of bans) {
    test(`${pattern.source} only in ${allowed.map((room) => room || "main").join(", ") || "no room"}: ${why}`, () => {
      const found = sources
        .filter(({ file }) => !(allowed as readonly string[]).includes(roomOf(file)))
        .filter(({ text }) => pattern.test(withoutComments(text)));
      expect(found.map(({ file }) => file)).toEqual([]);
    });
  }
});

test("the only library that is loaded is libc.so.6: Bun looks for unknown ones in the working directory", () => {
  const calls = sources.flatMap(({ text }) => [...text.matchAll(/dlopen\(([^,]*),/g)]);
  expect(calls.map(([, name]) => name)).toEqual(['"libc.so.6"']);
});

describe("the size of things", () => {
  const lines = sources.map(({ file, text }) => ({ file, lines: text.split("\n").length - 1 }));

  test("no file is over 250 lines", () => {
    expect(lines.filter((each) => each.lines > 250)).toEqual([]);
  });

  test("the median file is at most 80 lines", () => {
    const sorted = lines.map((each) => each.lines).toSorted((a, b) => a - b);
    expect(sorted[Math.floor(sorted.length / 2)]).toBeLessThanOrEqual(80);
  });

  test("a command is at most 60 lines, without a loop and without a try", () => {
    const commands = sources.filter(({ text }) => text.includes("export default command"));
    expect(commands.length).toBeGreaterThan(0);
    for (const { text } of commands) {
      expect(text.split("\n").length).toBeLessThanOrEqual(61);
      expect(withoutComments(text)).not.toMatch(/\b(?:for|while|try)\b\s*[({]/);
    }
  });

  test("nobody has a name that says nothing", () => {
    const empty =
      /(?:^|\/)(?:utils?|helpers?|types|common|misc|index)\.ts$|(?:(?<!network-)manager|service)\.ts$/;
    expect(files.filter((file) => empty.test(file))).toEqual([]);
  });
});

function withoutComments(text: string): string {
  return text
    .replace(/\/\*[\s\S]*?\*\//g, "")
    .replace(/^\s*\/\/.*$/gm, "")
    .replace(/"[^"\n]*"/g, '""');
}
