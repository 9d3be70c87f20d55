import { expect, setDefaultTimeout } from "bun:test";
import { labMissing } from "../support/nic-lab/missing.ts";
import { type NicLab, type NicLabOptions, startNicLab } from "../support/nic-lab/nic-lab.ts";
import type { NicSpec } from "../support/nic-lab/nic-spec.ts";
import { testUnless } from "../support/skip.ts";

/**
 * What the kernel does with a socket that is bound to a device: each row first with curl, as the
 * fact that the product is built on, and then with the product. For a kernel that does otherwise,
 * the first half fails, and says so.
 */
setDefaultTimeout(30_000);
const testLab = testUnless(labMissing("curl"));

interface Row extends NicLabOptions {
  readonly fact: string;
  /** The NIC that is asked through. */
  readonly nic: string;
  readonly before?: readonly string[];
  /** curl's words; `answers`, or `times out` within a second. */
  readonly kernel: string;
  /** Default: the kernel's. */
  readonly product?: "answers" | "fails";
  readonly host?: string;
  readonly waitS?: number;
}

const ens5: NicSpec = { name: "ens5", ipv4: "10.0.0.10/24", imds: "answers" };
const ens6: NicSpec = { name: "ens6", ipv4: "10.0.1.10/24", imds: "answers" };
const best: NicSpec = { ...ens5, defaultRoute: true };
const bare: NicSpec = { name: "ens6", imds: "answers" };
const table = ["route add 169.254.169.254 via 10.0.1.1 dev ens6 table 77"];
const unreachable = "Network is unreachable";

const rows: readonly Row[] = [
  {
    fact: "no route at all, rp_filter 0",
    nics: [ens5],
    rpFilter: 0,
    nic: "ens5",
    kernel: "answers",
  },
  {
    fact: "no route at all, rp_filter 1",
    nics: [ens5],
    rpFilter: 1,
    nic: "ens5",
    kernel: "times out",
  },
  {
    fact: "no route at all, rp_filter 2",
    nics: [ens5],
    rpFilter: 2,
    nic: "ens5",
    kernel: "times out",
  },
  {
    fact: "rp_filter 2 and a default route through another NIC",
    ...{ nics: [best, ens6], rpFilter: 2, nic: "ens6", kernel: "answers" },
  },
  {
    fact: "rp_filter 1, through the NIC of the best route",
    ...{ nics: [best, ens6], rpFilter: 1, nic: "ens5", kernel: "answers" },
  },
  {
    fact: "rp_filter 1, through another NIC",
    ...{ nics: [best, ens6], rpFilter: 1, nic: "ens6", kernel: "times out" },
  },
  {
    fact: "rp_filter 1, through another NIC, with a rule from its address to IMDS",
    before: [...table, "rule add from 10.0.1.10 to 169.254.169.254 lookup 77"],
    ...{ nics: [best, ens6], rpFilter: 1, nic: "ens6", kernel: "answers" },
  },
  {
    fact: "rp_filter 1, through another NIC, with a rule for what leaves by it",
    before: [...table, "rule add oif ens6 lookup 77"],
    ...{ nics: [best, ens6], rpFilter: 1, nic: "ens6", kernel: "times out" },
  },
  {
    fact: "IPv6, no route through that NIC",
    host: "[fd00:ec2::254]",
    nics: [
      { name: "ens5", ipv6: "2600:1f14:ec2::10/64", imds: "answers", defaultRoute: true },
      { name: "ens6", ipv6: "2600:1f14:ec2:1::10/64", imds: "answers" },
    ],
    ...{ nic: "ens6", kernel: unreachable },
  },
  {
    fact: "IPv6, an on-link route",
    host: "[fd00:ec2::254]",
    nics: [{ name: "ens5", ipv6: "2600:1f14:ec2::10/64", imds: "answers" }],
    before: ["route add fd00:ec2::254 dev ens5"],
    ...{ nic: "ens5", kernel: "answers" },
  },
  { fact: "no IPv4 address of its own", nics: [best, bare], nic: "ens6", kernel: "times out" },
  {
    fact: "the NIC is down",
    before: ["link set ens6 down"],
    ...{ nics: [best, ens6], nic: "ens6", kernel: unreachable },
  },
  {
    fact: "ARP is not answered",
    nics: [best, { ...ens6, imds: "absent" }],
    ...{ nic: "ens6", kernel: "No route to host", waitS: 5 },
  },
  {
    fact: "a prohibit route",
    before: ["route add prohibit 169.254.169.254"],
    ...{ nics: [best], nic: "ens5", kernel: "Permission denied" },
  },
];

for (const row of rows) {
  const { fact, nic, kernel, product = kernel === "answers" ? "answers" : "fails" } = row;
  testLab(`${fact}: the kernel's "${kernel}" is what asking through it comes to`, async () => {
    await using lab = await startNicLab(row);
    for (const words of row.before ?? []) await lab.ip(...words.split(" "));
    const before = await lab.state();
    expect(await asked(lab, row)).toBe(kernel);
    const args = ["fetch", "instance-id", "--interface", nic, "--timeout", "1500ms"];
    const { code, text, stderr } = await lab.ec2nic(args);
    expect({ code, text, stderr }).toMatchObject(
      product === "answers"
        ? { code: 0, text: "i-0ec20000000000001\n" }
        : { code: 69, text: "", stderr: expect.stringContaining(nic) },
    );
    expect(await lab.state()).toEqual(before);
  });
}

testLab("the cable is out: a device-bound connect times out, and so does the product", async () => {
  await using lab = await startNicLab({ nics: [best, ens6] });
  await lab.carrier("ens6", false);
  expect(await asked(lab, { nic: "ens6" })).toBe("times out");
  const args = ["fetch", "instance-id", "--interface", "ens6", "--timeout", "1500ms"];
  expect(await lab.ec2nic(args)).toMatchObject({ code: 69, text: "" });
});

/** What curl says of a connection through a NIC. */
async function asked(
  lab: NicLab,
  { nic, host = "169.254.169.254", waitS = 1 }: Pick<Row, "nic" | "host" | "waitS">,
): Promise<string> {
  const argv = ["curl", "-gsv", "-m", String(waitS), "--interface", nic, `http://${host}/`];
  const { code, stderr } = await lab.run(argv);
  if (code === 0) return "answers";
  if (code === 28) return "times out";
  return /(?:Immediate connect fail|connect to) .*: (.*)/.exec(stderr)?.[1] ?? stderr;
}
