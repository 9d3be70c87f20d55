import { expect, setDefaultTimeout } from "bun:test";
import { atOnceMs } from "../../kit/basics/busy-machine.ts";
import { machineMissing } from "../../kit/machine/missing.ts";
import { rootFileSystem } from "../../kit/machine/root-file-system.ts";
import { cloudInitLocal } from "../../kit/netns/nic-network/run-cloud-init.ts";
import { networkMissing } from "../../kit/netns/nic-network/missing.ts";
import { type NicNetwork, startNicNetwork } from "../../kit/netns/nic-network/nic-network.ts";
import { type NicSpec, routerOf } from "../../kit/netns/nic-network/nic-spec.ts";
import { testUnless } from "../../kit/basics/skip.ts";
import { mustRun } from "../../kit/machine/command.ts";
import { until } from "../../kit/basics/until.ts";
import { farEnd } from "../../kit/netns/nic-network/plug.ts";

/**
 * cloud-init waits up to 240 s for IMDS (`url_max_wait` of its DataSourceEc2). With `SLOW=1` the
 * test waits for its end; otherwise it ends cloud-init after a time in which ec2nic has long ended.
 */
const capMs = process.env["SLOW"] === "1" ? 300_000 : atOnceMs;
/** With an IMDS that answers, cloud-init takes a few seconds. */
const healthyCapMs = 300_000;
setDefaultTimeout(capMs + healthyCapMs + 600_000);
const testNics = testUnless(networkMissing("dnsmasq") ?? machineMissing("trixie"));

/** The NIC 0 has the default route. */
const nic = (number: number, imds: NicSpec["imds"]): NicSpec => {
  const name = `ens${number + 5}`;
  return { name, ipv4: `10.0.${number}.10/24`, imds, defaultRoute: number === 0 };
};

testNics("if the first NIC is dead, ec2nic reads the metadata before cloud-init", async () => {
  await rootFileSystem("trixie", ["cloud-init"]);
  const healthy = await measureBoth([nic(0, "answers"), nic(1, "answers")], healthyCapMs);
  expect(healthy).toMatchObject({ cloudInit: { instanceId: "i-0ec20000000000001" } });
  const dead = await measureBoth([nic(0, "swallows"), nic(1, "answers")], capMs);
  console.table({
    "both NICs reach IMDS": figures(healthy),
    "the first NIC is dead": figures(dead),
  });
  console.log(dead.cloudInit.log.split("\n").slice(0, 8).join("\n"));
  expect(dead.ec2nicS).toBeLessThan(dead.cloudInit.seconds);
});

async function measureBoth(nics: readonly NicSpec[], limitMs: number) {
  await using network = await startNicNetwork({ nics });
  for (const spec of nics) await serveDhcp(network, spec);
  const ec2nicS = await measureEc2nic(network);
  return { ec2nicS, cloudInit: await cloudInitLocal(network, limitMs) };
}

async function measureEc2nic(network: NicNetwork): Promise<number> {
  const { code, text, elapsedMs } = await network.ec2nic(["fetch", "--json"]);
  expect(code).toBe(0);
  expect(JSON.parse(text)).toMatchObject({ "instance-id": "i-0ec20000000000001" });
  return Math.round(elapsedMs / 10) / 100;
}

function figures({ ec2nicS, cloudInit }: Awaited<ReturnType<typeof measureBoth>>) {
  const { seconds, instanceId } = cloudInit;
  return {
    "ec2nic fetch --json, s": ec2nicS,
    "cloud-init's local stage, s": seconds,
    "cloud-init's instance ID": instanceId ?? "none",
  };
}

/**
 * Starts a DHCP server at the far end of a NIC, with the address of the NIC and the router. Where the
 * far end drops packets, it accepts DHCP requests. The server ends with the network.
 */
async function serveDhcp(network: NicNetwork, { name, ipv4 = "", imds }: NicSpec): Promise<void> {
  if (imds === "swallows") {
    const rule = "insert rule inet swallow input udp dport 67 accept";
    await network.far(name, ["nft", ...rule.split(" ")]);
  }
  const [address, router] = [ipv4, routerOf(ipv4)].map((each) => each.replace(/\/.*/, ""));
  const argv = [
    "dnsmasq",
    "--keep-in-foreground",
    "--conf-file=/dev/null",
    "--port=0",
    "--no-ping",
    "--dhcp-authoritative",
    "--leasefile-ro",
    "--log-facility=-",
    `--interface=${farEnd}`,
    `--dhcp-range=${address},${address},255.255.255.0,1h`,
    `--dhcp-option=option:router,${router}`,
  ];
  const server = Bun.spawn([...network.farArgv(name, argv)], {
    stdio: ["ignore", "ignore", "ignore"],
  });
  await until(`${name} has a DHCP server`, async () => {
    if (server.exitCode !== null) throw new Error(`dnsmasq ended with ${server.exitCode}`);
    const sockets = await mustRun(network.farArgv(name, ["cat", "/proc/self/net/udp"]));
    return sockets.includes(":0043 ");
  });
}
