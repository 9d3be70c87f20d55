/**
 * `make test`: everything, on the real parts. Installs the programs that the tests need where it may
 * (root, apt), and ends with a line `N passed, N failed, N skipped`. What is skipped says why.
 */
import { join } from "node:path";
import { needTools } from "../test/support/bench/need-tools.ts";

const root = join(import.meta.dir, "..");

/** Programs that tests run, and their Debian packages; without them the tests are skipped. */
const tools = {
  busybox: "busybox",
  curl: "curl",
  dash: "dash",
  dnsmasq: "dnsmasq-base",
  ip: "iproute2",
  iptables: "iptables",
  mmdebstrap: "mmdebstrap",
  nft: "nftables",
  netplan: "netplan.io",
  script: "bsdutils",
  setpriv: "util-linux",
  strace: "strace",
  sysctl: "procps",
  systemctl: "systemd",
};

if (process.getuid?.() === 0 && Bun.which("apt-get") !== null) needTools(tools);

const steps = [
  ["make", "check"],
  [process.execPath, "test", "--only-failures", "--timeout=30000"],
] as const;

const [check, tests] = [await runStep(steps[0]), await runStep(steps[1])];
const count = (word: string): number =>
  Number(new RegExp(`^\\s*(\\d+) ${word}$`, "m").exec(tests.output)?.[1] ?? "0");
const failed = count("fail") + (check.code === 0 ? 0 : 1);
const ranAny = count("pass") > 0;
console.log(`${count("pass")} passed, ${failed} failed, ${count("skip")} skipped`);
process.exit(failed === 0 && ranAny && tests.code === 0 ? 0 : 1);

/** Runs a command, shows what it says, and keeps it (bun test reports on stderr). */
async function runStep(argv: readonly string[]): Promise<{ code: number; output: string }> {
  console.log(`$ ${argv.map((word) => word.replace(`${root}/`, "")).join(" ")}`);
  const child = Bun.spawn([...argv], { cwd: root, stdio: ["ignore", "inherit", "pipe"] });
  let output = "";
  const decoder = new TextDecoder();
  for await (const chunk of child.stderr) {
    const text = decoder.decode(chunk, { stream: true });
    output += text;
    process.stderr.write(text);
  }
  return { code: await child.exited, output };
}
