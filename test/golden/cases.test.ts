import { expect, test } from "bun:test";
import { type Backend, backends, type NetworkPlan } from "../../src/model/plan.ts";
import { dropInPath, macOfManagedPath, managedPath } from "../../src/model/managed-paths.ts";
import { choiceOf } from "../kit/facts/choices.ts";
import {
  goldenCases,
  isSecret,
  runGoldenCase,
  treeOf,
  withFolder,
} from "../kit/files/golden-case.ts";

const cases = await goldenCases();

test("there are cases", () => {
  expect(cases.length).toBeGreaterThan(10);
});

for (const golden of cases) {
  const { name, folder } = golden;

  for (const backend of backends) {
    test(`case: ${name}, ${backend}`, async () => {
      const run = await withFolder((root) => runGoldenCase(golden, root, choiceOf(backend)));
      expect(run.tree).toEqual(await treeOf(`${folder}/expected/${backend}`));
      expect(run.applied.failure).toBeNull();

      const outcomes = run.applied.nics.map(({ mac, outcome }) => [mac, outcome]);
      expect(Object.fromEntries(outcomes)).toEqual(
        await Bun.file(`${folder}/expected/outcomes.json`).json(),
      );

      for (const { path } of run.plan.write) {
        expect(run.modes[path], path).toBe(isSecret(path) ? 0o600 : 0o644);
      }
      // A NIC that is left alone keeps what it has, whoever it is for.
      const configured = run.plan.nics.filter(({ outcome }) => outcome === "configured");
      const ours = Object.keys(run.tree).filter((path) => {
        const isMarked = (run.tree[path] ?? "").startsWith("# written by ec2nic");
        return isMarked && configured.some(({ mac }) => mac === macOfManagedPath(path));
      });
      expect(ours).not.toEqual([]);
      expect(ours.filter((path) => !isPlaceOf(backend, path))).toEqual([]);

      const { write, remove, steps } = run.again;
      expect({ write, remove, steps }).toEqual({ write: [], remove: [], steps: [] });
      expect(run.again.nics.map(({ outcome }) => outcome)).not.toContain("configured");
    });
  }

  test(`case: ${name}: the order of the input does not matter`, async () => {
    const macs = Object.entries(macsOf(golden.metadata)).toReversed();
    const metadata = {
      ...golden.metadata,
      network: { interfaces: { macs: Object.fromEntries(macs) } },
    };
    const turned = { ...golden, metadata, links: golden.links.toReversed() };
    for (const backend of backends) {
      const plans = [golden, turned].map((input) =>
        withFolder((root) => runGoldenCase(input, root, choiceOf(backend))),
      );
      const [straight, reversed] = await Promise.all(plans);
      expect(reversed?.plan).toEqual(straight?.plan as NetworkPlan);
    }
  });
}

function isPlaceOf(backend: Backend, path: string): boolean {
  const mac = macOfManagedPath(path) ?? "";
  const beside = backend === "netplan" ? [dropInPath(mac)] : [];
  return [managedPath(backend, mac), ...beside].includes(path);
}

function macsOf(metadata: unknown): Record<string, never> {
  return (metadata as { network: { interfaces: { macs: Record<string, never> } } }).network
    .interfaces.macs;
}
