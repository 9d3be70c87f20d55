import { expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join, normalize } from "node:path";
import { repository } from "../kit/program/run-ec2nic.ts";
import { documents } from "../kit/basics/documents.ts";

test("every link to a file or a heading of this repository has a target", () => {
  const broken = documents.flatMap(({ path, text }) =>
    linksIn(text)
      .filter((link) => !hasTarget(path, link))
      .map((link) => `${path}: ${link}`),
  );
  expect(broken).toEqual([]);
});

test("hasTarget detects a link without a target", () => {
  const [link = ""] = linksIn("a [b](docs/none.md) `[c](d)` [e](https://example.com)");
  expect(link).toBe("docs/none.md");
  expect(hasTarget("README.md", link)).toBe(false);
  expect(hasTarget("README.md", "#no-such-heading")).toBe(false);
  expect(hasTarget("README.md", "docs/cookbook.md#behind-a-vpn")).toBe(true);
});

function linksIn(text: string): readonly string[] {
  const prose = text.replaceAll(/^```[\s\S]*?^```$/gm, "").replaceAll(/`[^`\n]*`/g, "");
  const targets = [...prose.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = ""]) => target);
  return targets.filter((target) => !/^(?:https?|mailto):/.test(target));
}

function hasTarget(from: string, link: string): boolean {
  const [file = "", heading] = link.split("#");
  const path = file === "" ? from : normalize(join(from, "..", file));
  if (!existsSync(join(repository, path))) return false;
  if (heading === undefined) return true;
  return headingsIn(documents.find((each) => each.path === path)?.text ?? "").includes(heading);
}

/** The anchors that GitHub makes from the headings. */
function headingsIn(text: string): readonly string[] {
  const prose = text.replaceAll(/^```[\s\S]*?^```$/gm, "");
  return [...prose.matchAll(/^#+ (.+)$/gm)].map(([, title = ""]) =>
    title
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, "")
      .replaceAll(" ", "-"),
  );
}
