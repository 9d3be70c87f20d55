import { expect, setDefaultTimeout } from "bun:test";
import { testLimitMs } from "../../kit/basics/busy-machine.ts";
import { missingRoot, missingTool, testUnless } from "../../kit/basics/skip.ts";
import { probeNetwork } from "../../kit/netns/probe-network/probe-network.ts";
import { nicOf } from "../../kit/netns/probe-network/probe-result.ts";
import { untilCurlReaches } from "../../kit/netns/probe-network/verdict-case.ts";

setDefaultTimeout(testLimitMs);

const reason = missingRoot() ?? missingTool("ip", "unshare", "nsenter", "curl", "sysctl");
const testHere = testUnless(reason);

const udhcpc = testUnless(reason ?? missingTool("busybox", "dnsmasq"));
udhcpc("the fix for a NIC without an address is the installed DHCP client", async () => {
  await using network = await probeNetwork([5]);
  const server = ["--port=0", "--interface=far5", "--dhcp-range=10.0.5.50,10.0.5.50,300"];
  const files = ["leases", "pid"].map((name) => `/dev/shm/${name}`);
  await network.far("mount -t tmpfs tmpfs /dev/shm; touch /dev/shm/conf");
  await network.far(
    `dnsmasq --user=root ${server.join(" ")} --dhcp-leasefile=${files[0]} --pid-file=${files[1]} --conf-file=/dev/shm/conf`,
  );
  await using _ = {
    [Symbol.asyncDispose]: async () => void (await network.far(`kill $(cat ${files[1]})`)),
  };
  const script = "/run/udhcpc.script";
  await network.run(
    `printf '#!/bin/sh\n[ "$1" = bound ] && ip addr add $ip/24 dev $interface && ip route add default via $router dev $interface\nexit 0\n' >${script}; chmod +x ${script}`,
  );
  await network.standIn("udhcpc", `exec busybox udhcpc -s ${script} "$@"`);
  await network.run("ip addr flush dev ens5");
  const around = ["env", "PATH=/run/bin"]; // whatever other client this machine has
  const { stdout } = await network.ec2nic(["probe-nics", "--json"], { around });
  const [fix] = nicOf(JSON.parse(stdout), "ens5").verdict.fix ?? [];
  expect(fix).toBe("udhcpc -q -i ens5");
  await network.run(`${fix} && ip -4 addr show dev ens5 | grep -q 10.0.5.50`);
  await untilCurlReaches(network, "169.254.169.254");
  expect(await network.probe()).toMatchObject({ code: 0, fixes: [] });
});

/** What a DHCP client sets on `ens5` in an IPv6-only subnet (amazon-ec2-utils #27). */
const leased =
  "ip addr add 169.254.77.5/32 dev ens5 && ip route add 169.254.0.1 dev ens5 && ip route add default via 169.254.0.1 dev ens5";

const ipv6OnlyRouter = "ip addr add 169.254.0.1/32 dev far5; ip route add 169.254.77.5 dev far5";

testHere("in an IPv6-only subnet, the address that DHCPv4 gives is the way to IMDS", async () => {
  await using network = await probeNetwork([5]);
  await network.far(ipv6OnlyRouter);
  await network.run(`ip -4 addr flush dev ens5; ${leased}`);
  const result = await network.probe();
  expect(result).toMatchObject({ code: 0, note: null, fixes: [] });
  expect(result.kernelRouting?.outcome).toBe("reached");
  expect(nicOf(result, "ens5")).toMatchObject({
    verdict: { word: "reached" },
  });
  await untilCurlReaches(network, "169.254.169.254");
});

testHere("in an IPv6-only subnet without that address, the fix is the DHCP client", async () => {
  await using network = await probeNetwork([5]);
  await network.far(ipv6OnlyRouter);
  await network.standIn("udhcpc", `[ "$*" = "-q -i ens5" ] && ${leased}`);
  // IMDS over IPv6 is off unless it is enabled
  await network.far(
    "nft add table inet t; nft 'add chain inet t c { type filter hook input priority 0; }'; nft add rule inet t c ip6 daddr fd00:ec2::254 drop",
  );
  await network.run("ip -4 addr flush dev ens5; ip -6 route add default via fe80:ec2::1 dev ens5");
  // the program `ip` of the machine, and no other DHCP client
  await network.run("ln -s $(command -v ip) /run/bin/ip");
  const around = ["env", "PATH=/run/bin"];
  const { code, stdout } = await network.ec2nic(["probe-nics", "--json"], { around });
  const { verdict, endpoints } = nicOf(JSON.parse(stdout), "ens5");
  expect(code).toBe(69);
  expect(endpoints.map((each) => each.verdict.word)).toEqual(["no-address", "no-answer"]);
  expect(verdict).toMatchObject({ word: "no-address", fix: ["udhcpc -q -i ens5"] });
  for (const line of verdict.fix ?? []) await network.run(line);
  await untilCurlReaches(network, "169.254.169.254");
});
