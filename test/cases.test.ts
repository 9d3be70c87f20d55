import { expect, test } from "bun:test";
import { goldenCases, runGoldenCase, treeOf, withFolder } from "./support/golden-case.ts";

const cases = await goldenCases();

test("there are cases", () => {
  expect(cases.length).toBeGreaterThan(10);
});

for (const golden of cases) {
  const { name, folder } = golden;

  test(`case: ${name}`, async () => {
    const run = await withFolder((root) => runGoldenCase(golden, root));
    expect(run.tree).toEqual(await treeOf(`${folder}/expected/netplan`));
    expect(run.applied.failure).toBeNull();

    const outcomes = run.applied.nics.map(({ mac, outcome }) => [mac, outcome]);
    expect(Object.fromEntries(outcomes)).toEqual(
      await Bun.file(`${folder}/expected/outcomes.json`).json(),
    );

    for (const { path } of run.plan.write) {
      expect(run.modes[path], path).toBe(0o600);
    }
    const { write, remove, steps } = run.again;
    expect({ write, remove, steps }).toEqual({ write: [], remove: [], steps: [] });
    expect(run.again.nics.map(({ outcome }) => outcome)).not.toContain("configured");
  });

  test(`case: ${name}: the order of the input does not matter`, async () => {
    const macs = Object.entries(macsOf(golden.metadata)).toReversed();
    const metadata = {
      ...golden.metadata,
      network: { interfaces: { macs: Object.fromEntries(macs) } },
    };
    const [run, turned] = await Promise.all([
      withFolder((root) => runGoldenCase(golden, root)),
      withFolder((root) =>
        runGoldenCase({ ...golden, metadata, links: golden.links.toReversed() }, root),
      ),
    ]);
    expect(turned.plan).toEqual(run.plan);
  });
}

function macsOf(metadata: unknown): Record<string, never> {
  return (metadata as { network: { interfaces: { macs: Record<string, never> } } }).network
    .interfaces.macs;
}
