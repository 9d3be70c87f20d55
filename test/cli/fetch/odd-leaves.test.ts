import { expect, setDefaultTimeout, test } from "bun:test";
import { testLimitMs } from "../../kit/basics/busy-machine.ts";
import { fetchOnce } from "../../kit/program/fetch-from.ts";

setDefaultTimeout(testLimitMs);

// One tag cost the whole tree: 65 in version 0.1.0.
test("a tag with a slash is left out of the tree, with one warning", async () => {
  const tags = { "a/b": "x", "c//": "y", Name: "web" };
  const { code, text, stderr } = await fetchOnce({ tags }, []);
  expect(code).toBe(0);
  expect(JSON.parse(text)).toMatchObject({ tags: { instance: { Name: "web" } } });
  expect(stderr.match(/^ec2nic: /gm)).toHaveLength(2); // the warning and its hint
  expect(stderr).toContain(
    'tags/instance/ lists "a/b", which holds a slash; "c//", which holds a slash: left out',
  );
});

test("a value that is not text is left out of a tree, with a warning", async () => {
  const userData = new Uint8Array([0x1f, 0x8b, 0xff]);
  const { code, text, stderr } = await fetchOnce({ userData }, ["--show-secrets"]);
  expect([code, JSON.parse(text)]).toEqual([0, expect.objectContaining({ system: "nitro" })]);
  expect(stderr).toContain("user-data is left out: its value is not text (UTF-8)");
});

// eks-ami #2031 and the fixtures of cloud-init: leaves that are listed and stay empty
test("an empty leaf is the empty string or the empty list, without a retry", async () => {
  const emptyLeaves = ["public-hostname", "ipv6s", "ipv4-prefix", "subnet-ipv6-cidr-blocks"];
  const empty = { enis: [{ device: 0, emptyLeaves }], set: { "public-hostname": "" } };
  const folder = "network/interfaces/macs/06:ec:2a:00:00:00";
  const tree = await fetchOnce(empty, []);
  expect([tree.code, tree.stderr]).toEqual([0, ""]);
  const lists = { ipv6s: [], "ipv4-prefix": [], "subnet-ipv6-cidr-blocks": [] };
  expect(JSON.parse(tree.text)).toMatchObject({
    "public-hostname": "",
    network: { interfaces: { macs: { "06:ec:2a:00:00:00": { ...lists, "public-hostname": "" } } } },
  });
  for (const [args, text] of [
    [["public-hostname"], "\n"],
    [["public-hostname", "--json"], '""\n'],
    [["public-hostname", "--format", "env"], 'EC2_PUBLIC_HOSTNAME=""\n'],
    [[`${folder}/ipv6s`], "\n"],
    [[`${folder}/ipv6s`, "--json"], "[]\n"],
    [["public-hostname", "--", "sh", "-c", "echo [$EC2_PUBLIC_HOSTNAME]"], "[]\n"],
  ] as const) {
    const run = await fetchOnce(empty, args);
    expect([run.code, run.text, run.stderr]).toEqual([0, text, ""]);
    expect(run.simulator.count("GET */public-hostname") + run.simulator.count("GET */ipv6s")).toBe(
      1,
    );
  }
});

test("fetch sends the colons of a MAC, and other characters of a path, as they are", async () => {
  const { code, simulator } = await fetchOnce({ tags: { "a:@b c": "x" } }, []);
  expect(code).toBe(0);
  const paths = simulator.requests.map(({ rawPath }) => rawPath);
  expect(paths).toContain("/latest/meta-data/network/interfaces/macs/06:ec:2a:00:00:00/mac");
  expect(paths).toContain("/latest/meta-data/tags/instance/a:@b%20c");
});
