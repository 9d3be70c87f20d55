import { join } from "node:path";
import { repository } from "./run-ec2nic.ts";

/** The addresses of IMDS, which become loopback addresses of the network namespace. */
const addresses = { ipv4: "169.254.169.254", ipv6: "fd00:ec2::254" } as const;

/**
 * A command that starts the simulator on the addresses of IMDS, in the network namespace of the run,
 * and then runs the command that follows. `before`: more commands for that network.
 */
export function aroundOwnImds(
  families: readonly (keyof typeof addresses)[],
  before = "",
): readonly string[] {
  const script = join(repository, "scripts/simulator/main.ts");
  const listen = families
    .map((family) => (family === "ipv4" ? `${addresses.ipv4}:80` : `[${addresses.ipv6}]:80`))
    .map((address) => `--listen ${address}`);
  const add = families.map((family) =>
    family === "ipv4"
      ? `ip address add ${addresses.ipv4}/32 dev lo`
      : `ip -6 address add ${addresses.ipv6}/128 dev lo nodad`,
  );
  const simulator = `"${process.execPath}" "${script}" --ipv6 ${listen.join(" ")}`;
  const commands = [
    "set -eu; ip link set lo up",
    ...add,
    ...(before === "" ? [] : [before]),
    // the file exists before it is read, even if the simulator starts late
    `log=$(mktemp -d); : >"$log/out"; trap 'kill $pid; rm -r "$log"' EXIT`,
    `${simulator} >"$log/out" & pid=$!`,
    `while [ "$(grep -c listening "$log/out")" -lt ${listen.length} ]; do sleep 0.02; done`,
    `code=0; "$@" || code=$?; exit $code`,
  ];
  return ["sh", "-c", commands.join("\n"), "sh"];
}
