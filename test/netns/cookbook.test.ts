import { expect, setDefaultTimeout } from "bun:test";
import { testLimitMs } from "../kit/basics/busy-machine.ts";
import { documentAt } from "../kit/basics/documents.ts";
import { probeNetwork } from "../kit/netns/probe-network/probe-network.ts";
import { binary } from "../kit/program/run-ec2nic.ts";
import { missingRoot, missingTool, testUnless } from "../kit/basics/skip.ts";

setDefaultTimeout(testLimitMs);

const testHere = testUnless(missingRoot() ?? missingTool("ip", "unshare", "nsenter", "curl"));

/** The blocks below the mark `run`, with the heading above each. */
const blocks = documentAt("docs/cookbook.md")
  .text.split(/^## /m)
  .flatMap((section) => {
    const title = section.slice(0, section.indexOf("\n"));
    const found = section.matchAll(/<!-- run -->\n\n```sh\n([\s\S]*?)^```$/gm);
    return [...found].map(([, script = ""]) => ({ title, script }));
  });

/** The output of each recipe. */
const outputs: Readonly<Record<string, readonly RegExp[]>> = {
  "Wait for a tag": [/^this is a db\n$/],
  "Run a program with what the instance is": [
    /^i-\w+, called web 1, in eu-central-1\n$/,
    /^i-\w+ is in eu-central-1\n$/,
  ],
  "The first NIC that reaches IMDS": [/^i-\w+\n$/],
  "An image": [/^60-ec2nic-\w{12}\.network\n$/, /^$/],
  "On a running machine, over SSH": [/^IMDS answers through ens5\.[\s\S]*60-ec2nic-/],
  "When not to use it": [/^networkd: /],
};

testHere("every recipe of the cookbook that is marked run prints the expected output", async () => {
  await using network = await probeNetwork([5]);
  await network.run(
    `ln -s ${binary} /run/bin/ec2nic; mkdir /run/recipes; ip route add default via 10.0.5.1`,
  );
  await network.order("set", { path: "tags/instance/Name", value: "web 1" });
  setTimeout(() => void network.order("set", { path: "tags/instance/Role", value: "db" }), 1000);
  const { stdout: mac } = await network.ec2nic(["fetch", "mac"]);
  await network.run(`ip link set ens5 down; ip link set ens5 address ${mac.trim()} up`);
  await network.run("ip route replace default via 10.0.5.1");
  expect(Object.keys(outputs).toSorted()).toEqual(
    [...new Set(blocks.map(({ title }) => title))].toSorted(),
  );
  const counts = new Map<string, number>();
  for (const { title, script } of blocks) {
    const at = counts.get(title) ?? 0;
    counts.set(title, at + 1);
    // no backend manages the NICs of this network, so the test names one
    const output = await network.run(
      `cd /run/recipes\n${script.replace("--dry-run ", "--dry-run --backend networkd ")}`,
    );
    expect({ title, output }).toEqual({
      title,
      output: expect.stringMatching(outputs[title]?.[at] ?? /^never$/),
    });
  }
  expect(await network.run("ls /run/recipes/image/etc/systemd/network")).toMatch(/60-ec2nic-/);
});
