import { firstBoot } from "../../../test/kit/vm/image/backends.ts";
import { binary } from "../../../test/kit/program/run-ec2nic.ts";
import { withEchoes } from "../measure/echo-program.ts";
import type { Peer } from "./peer.ts";

/** ec2nic in an image whose networkd has DHCP for every NIC. */
export const ec2nic: Peer = {
  name: "ec2nic",
  backend: withEchoes({ packages: [], ...firstBoot("networkd") }),
  program: binary,
  install: async (vm) => {
    await vm.run(["ec2nic", "hotplug", "--install"]);
    await vm.run(["ec2nic", "activate"], { timeoutMs: 60_000 });
  },
  services: "ec2nic-*.service",
  bootServices: () => ["ec2nic-network.service"],
};
