import { mustRun } from "./command.ts";
import type { Suite } from "./root-file-system.ts";

const format = "$(REPO_URI)|$(RELEASE)|$(COMPONENT)";

/**
 * Lines of sources.list for a suite, from where this machine itself has its packages: the same
 * mirrors, with the suite's name in the place of this machine's.
 */
export async function aptSources(suite: Suite): Promise<string> {
  const targets = await mustRun(["apt-get", "indextargets", "--format", format]);
  const release = await mustRun(["sh", "-c", '. /etc/os-release && printf %s "$VERSION_CODENAME"']);
  const lines = targets.split("\n").flatMap((line) => {
    const [uri = "", suiteThere = "", component] = line.split("|");
    if (component !== "main" || !ofDebian(suiteThere, release)) return [];
    return [`deb ${uri} ${suiteThere.replace(release, suite)} main`];
  });
  if (lines.length === 0)
    throw new Error(`apt has no packages of ${release} here (apt-get update)`);
  return `${[...new Set(lines)].join("\n")}\n`;
}

function ofDebian(suite: string, release: string): boolean {
  return [release, `${release}-updates`, `${release}-security`].includes(suite);
}
