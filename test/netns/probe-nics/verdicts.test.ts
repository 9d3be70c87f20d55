import { expect, setDefaultTimeout } from "bun:test";
import { atOnceMs, patient, testLimitMs } from "../../kit/basics/busy-machine.ts";
import { until } from "../../kit/basics/until.ts";
import { missingRoot, missingTool, testUnless } from "../../kit/basics/skip.ts";
import { probeNetwork } from "../../kit/netns/probe-network/probe-network.ts";
import { nicOf } from "../../kit/netns/probe-network/probe-result.ts";

setDefaultTimeout(testLimitMs);

const reason =
  missingRoot() ?? missingTool("ip", "nft", "iptables", "unshare", "nsenter", "curl", "sysctl");
const testHere = testUnless(reason);

testHere("two NICs reach IMDS: the status is 0, IPv6 without a route is no fault", async () => {
  await using network = await probeNetwork();
  const result = await network.probe();
  expect(result).toMatchObject({ code: 0, outcome: "reached", stderr: "" });
  expect(result.kernelRouting).toMatchObject({ link: null, verdict: { word: "no-route" } });
  expect(result.imds).toMatchObject({ endpoint: "http://169.254.169.254", interface: "ens5" });
  expect(nicOf(result, "ens6").endpoints.map(({ verdict }) => verdict.word)).toEqual([
    "reached",
    "no-route",
  ]);
  expect(nicOf(result, "lo")).toMatchObject({ outcome: "skipped", rank: null });
});

testHere("if only bound sockets reach IMDS, a note has the fix for curl", async () => {
  await using network = await probeNetwork([5]);
  const curl = "curl -s -m 60 --noproxy '*' -o /run/out http://169.254.169.254/";
  await expect(network.run(curl)).rejects.toThrow();
  const { note, code } = await network.probe();
  expect({ code, word: note?.word }).toEqual({ code: 0, word: "no-route" });
  await network.run(note?.fix?.[0] ?? "");
  await network.run(curl);
  expect((await network.probe()).note).toBeNull();
  await network.run("ip route flush 169.254.169.254; ip route add prohibit 169.254.169.254");
  expect(await network.probe()).toMatchObject({ code: 0, note: { word: "prohibited" } });
});

testHere("if no NIC reaches IMDS, the status is 69 and the JSON has the error", async () => {
  await using network = await probeNetwork();
  await network.run("ip link set ens5 down; ip addr flush dev ens6");
  const result = await network.probe();
  expect(result).toMatchObject({ code: 69, outcome: "failed", error: { kind: "UNAVAILABLE" } });
  expect(result.stderr).toContain("no NIC reaches IMDS");
});

testHere("an IPv6-only path, as in a container, is enough", async () => {
  await using network = await probeNetwork([5]);
  await network.run("ip addr flush dev ens5; ip -6 addr add 2001:db8:5::10/64 dev ens5 nodad");
  await network.run("ip -6 route add default via 2001:db8:5::1 dev ens5");
  const nic = nicOf(await network.probe(), "ens5");
  expect(nic.outcome).toBe("reached");
  expect(nic.endpoints.map(({ verdict }) => verdict.word)).toEqual(["no-address", "reached"]);
});

testHere("Ctrl-C ends a probe immediately", async () => {
  await using network = await probeNetwork([5]);
  await network.order("fault", { fault: { kind: "hang" } });
  const run = network.start(["probe-nics"], { env: patient });
  await until("IMDS has a request", async () =>
    (await network.far("curl -sf http://127.0.0.1/_simulator/requests")).includes("PUT"),
  );
  const sentMs = performance.now();
  run.kill("SIGINT");
  const { code, text } = await run.result;
  expect({ code, text }).toEqual({ code: 130, text: "" });
  expect(performance.now() - sentMs).toBeLessThan(atOnceMs);
});

testHere("--interface probes that NIC only; an unknown name is 64", async () => {
  await using network = await probeNetwork();
  const { nics } = await network.probe("--interface", "ens6");
  expect(nics.map(({ name }) => name)).toEqual(["ens6"]);
  const { code, stderr } = await network.ec2nic(["probe-nics", "--interface", "ens9"]);
  expect(code).toBe(64);
  expect(stderr).toContain("there are: ens5, ens6");
});

testHere("without bound sockets kernel routing is probed, with a warning", async () => {
  await using network = await probeNetwork([5]);
  // Bun's foreign functions need the JIT, and where a unit forbids it, it is off
  const env = { BUN_JSC_useJIT: "0" };
  const probe = async () => {
    const { code, stdout, stderr } = await network.ec2nic(["probe-nics", "--json"], { env });
    return { code, stderr, ...JSON.parse(stdout).kernelRouting };
  };
  const before = await probe();
  expect(before).toMatchObject({ code: 69, verdict: { word: "no-route" } });
  expect(before.stderr).toMatch(
    /warning: sockets can't be bound to a NIC in this process \(.+\), so only the default route is probed/,
  );
  await network.run(before.verdict.fix[0]);
  expect(await probe()).toMatchObject({ code: 0, link: "ens5", outcome: "reached" });
  const first = await network.ec2nic(["probe-nics", "--first"], { env });
  expect(first.stdout).toBe("ens5\n");
  await network.run(
    "ip route add prohibit 169.254.169.254 metric 0 || :; ip route flush 169.254.169.254/32; ip route add prohibit 169.254.169.254",
  );
  expect((await probe()).verdict).toMatchObject({
    word: "prohibited",
    // the flush left no other route
    fix: ["ip route del prohibit 169.254.169.254", "ip route append 169.254.169.254 dev ens5"],
  });
});

testHere("a probe without ip, nft and ethtool knows less and does not fail", async () => {
  await using network = await probeNetwork();
  await network.run("sysctl -qw net.ipv4.conf.ens6.rp_filter=1");
  const around = ["env", "PATH=/run/bin"];
  const { code, stdout, stderr } = await network.ec2nic(["probe-nics", "--json"], { around });
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  const { verdict } = nicOf(JSON.parse(stdout), "ens6");
  expect(verdict).toMatchObject({ word: "no-answer", fix: null });
  expect(verdict.text).toContain("rp_filter is 1, so perhaps the kernel drops the answers");
});

testHere("a probe changes nothing on the machine", async () => {
  await using network = await probeNetwork();
  await network.run("sysctl -qw net.ipv4.conf.ens6.rp_filter=1; ip addr flush dev ens5");
  const state = () =>
    network.run(
      "ip -d address; ip -d link; ip -d route show table all; ip -d -6 route show table all; ip rule; ip -6 rule; nft list ruleset; sysctl net.ipv4.conf net.ipv6.conf; ls -lR --time-style=full-iso /run",
    );
  const before = await state();
  expect((await network.probe()).code).toBe(69);
  expect(await state()).toBe(before);
});
