import { describe, expect, test } from "bun:test";
import { hotplugMachine } from "../../../kit/propagation/hotplug-machine.ts";

const add = ["add", "--nic", "ens6"] as const;
const fileOf = (last: string) => `/etc/systemd/network/60-ec2nic-06ec2a0000${last}.network`;

describe("an added NIC whose metadata does not become complete", () => {
  test("is left out for good, with 65, if its device number stays that of the primary", async () => {
    const late = { "device-number": { afterMs: 1e9, before: "0" } };
    const { run, disk } = hotplugMachine({
      scenario: { enis: [{ device: 0 }, { device: 1, late }] },
    });
    const { code, messages, hints, text } = await run(...add, "--json");
    expect({ code, isThere: disk.has(fileOf("01")) }).toEqual({ code: 65, isThere: false });
    expect(messages.at(-1)).toContain(
      "metadata is incomplete for 06:ec:2a:00:00:01 (device-number",
    );
    expect(hints.at(-1)).toContain("waiting does not help");
    expect(JSON.parse(text)).toMatchObject({
      error: { code: 65 },
      nics: [{ outcome: "incomplete", isFinal: true }],
    });
  });

  test("is configured with IPv4 and ends with 0 if the IPv6 leaves stay empty", async () => {
    const empty = { afterMs: 1e9, before: "" };
    const late = { ipv6s: empty, "subnet-ipv6-cidr-blocks": empty, "vpc-ipv6-cidr-blocks": empty };
    const { run, disk } = hotplugMachine({
      scenario: { enis: [{ device: 0 }, { device: 1, dualStack: true, late }] },
    });
    const { code, ms } = await run(...add);
    expect({ code, isThere: disk.has(fileOf("01")) }).toEqual({ code: 0, isThere: true });
    expect(ms).toBeLessThan(20_000);
  });

  test("is configured without an address that lies in no subnet, which a warning names", async () => {
    const spec = { device: 1, ipv4: ["10.0.1.10", "10.0.9.9"], subnetCidr: "10.0.1.0/24" };
    const { run, disk } = hotplugMachine({ scenario: { enis: [{ device: 0 }, spec] } });
    const { code, messages } = await run(...add);
    expect({ code, isThere: disk.has(fileOf("01")) }).toEqual({ code: 0, isThere: true });
    expect(messages.join()).toContain("10.0.9.9 lies in no subnet of subnet-ipv4-cidr-block");
  });
});
