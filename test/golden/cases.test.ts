import { expect, test } from "bun:test";
import { type Backend, backends } from "../../src/model/plan.ts";
import { dropInPath, macOfManagedPath, managedPath } from "../../src/model/managed-paths.ts";
import { choiceOf } from "../kit/facts/choices.ts";
import { goldenCases, isSecret, runGoldenCase, treeOf } from "../kit/files/golden-case.ts";
import { temporaryFolder } from "../kit/basics/temporary-folder.ts";

const cases = await goldenCases();

test("goldenCases finds the cases", () => {
  expect(cases.length).toBeGreaterThan(10);
});

for (const golden of cases) {
  const { name, folder } = golden;

  for (const backend of backends) {
    test(`${name}: ${backend} has the expected files, and the second plan is empty`, async () => {
      using root = temporaryFolder();
      const run = await runGoldenCase(golden, root.path, choiceOf(backend));
      expect(run.tree).toEqual(await treeOf(`${folder}/expected/${backend}`));
      expect(run.applied.failure).toBeNull();

      const outcomes = run.applied.nics.map(({ mac, outcome }) => [mac, outcome]);
      expect(Object.fromEntries(outcomes)).toEqual(
        await Bun.file(`${folder}/expected/outcomes.json`).json(),
      );

      for (const { path } of run.plan.write) {
        expect(run.modes[path], path).toBe(isSecret(path) ? 0o600 : 0o644);
      }
      // A NIC that is not configured keeps its files, of any backend.
      const configured = run.plan.nics.filter(({ outcome }) => outcome === "configured");
      const managed = Object.keys(run.tree).filter((path) => {
        const isMarked = (run.tree[path] ?? "").startsWith("# written by ec2nic");
        return isMarked && configured.some(({ mac }) => mac === macOfManagedPath(path));
      });
      expect(managed).not.toEqual([]);
      expect(managed.filter((path) => !isManagedPathOf(backend, path))).toEqual([]);

      const { write, remove, steps } = run.again;
      expect({ write, remove, steps }).toEqual({ write: [], remove: [], steps: [] });
      expect(run.again.nics.map(({ outcome }) => outcome)).not.toContain("configured");
    });
  }

  test(`${name}: the plan does not depend on the order of the input`, async () => {
    const macs = Object.entries(macsOf(golden.metadata)).toReversed();
    const metadata = {
      ...golden.metadata,
      network: { interfaces: { macs: Object.fromEntries(macs) } },
    };
    const reversed = { ...golden, metadata, links: golden.links.toReversed() };
    for (const backend of backends) {
      using root = temporaryFolder();
      using other = temporaryFolder();
      const { plan } = await runGoldenCase(golden, root.path, choiceOf(backend));
      const run = await runGoldenCase(reversed, other.path, choiceOf(backend));
      expect(run.plan).toEqual(plan);
    }
  });
}

function isManagedPathOf(backend: Backend, path: string): boolean {
  const mac = macOfManagedPath(path) ?? "";
  const dropIns = backend === "netplan" ? [dropInPath(mac)] : [];
  return [managedPath(backend, mac), ...dropIns].includes(path);
}

function macsOf(metadata: unknown): Record<string, never> {
  return (metadata as { network: { interfaces: { macs: Record<string, never> } } }).network
    .interfaces.macs;
}
