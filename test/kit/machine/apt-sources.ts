import { mustRun } from "./command.ts";
import type { Suite } from "./root-file-system.ts";

const format = "$(REPO_URI)|$(RELEASE)|$(COMPONENT)";

/**
 * The lines of sources.list for a suite, with the mirrors of this machine. Throws where apt has no
 * package lists.
 */
export async function aptSources(suite: Suite): Promise<string> {
  const targets = await mustRun(["apt-get", "indextargets", "--format", format]);
  const release = await mustRun(["sh", "-c", '. /etc/os-release && printf %s "$VERSION_CODENAME"']);
  const lines = targets.split("\n").flatMap((line) => {
    const [uri = "", suiteOfLine = "", component] = line.split("|");
    if (component !== "main" || !isSuiteOf(suiteOfLine, release)) return [];
    return [`deb ${uri} ${suiteOfLine.replace(release, suite)} main`];
  });
  if (lines.length === 0)
    throw new Error(`apt has no packages of ${release} here (apt-get update)`);
  return `${[...new Set(lines)].join("\n")}\n`;
}

function isSuiteOf(suite: string, release: string): boolean {
  return [release, `${release}-updates`, `${release}-security`].includes(suite);
}
