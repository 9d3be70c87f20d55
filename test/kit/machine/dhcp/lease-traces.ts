import type { Machine } from "../machine.ts";

/**
 * Everything that a lease could leave, as lines: addresses, routes of all tables, rules, links, the
 * settings of each NIC, files with their contents, and processes. It leaves out what changes anyway:
 * systemd's journal, and the lock file, which is kept for the next run.
 */
export async function machineState(machine: Machine): Promise<readonly string[]> {
  const text = await machine.run(["sh", "-ec", script]);
  return text.split("\n").map((line) => line.trimEnd());
}

const script = `
ip -d address
ip -d -4 route show table all
ip -d -6 route show table all | grep -v ' expires '
ip -d -4 rule
ip -d -6 rule
find /proc/sys/net/ipv4/conf /proc/sys/net/ipv6/conf -type f ! -name stable_secret | sort | xargs grep -H .
find /etc /root /run /tmp /usr/local /var -xdev \\
  \\( -path /run/log -o -path /run/systemd/journal -o -path /var/log -o -path /run/ec2nic/dhcp/lock \\) -prune -o \\
  -path /run/ec2nic -o -path /run/ec2nic/dhcp -o -printf '%p %y %m %u %g %l\\n' | sort
find /etc /run /tmp /var/lib -xdev -type f ! -path '/run/log/*' ! -path '/run/systemd/*' \\
  ! -path /run/ec2nic/dhcp/lock -exec md5sum {} + | sort -k2
ps -e -o args --no-headers | grep -v -e '^\\[' -e '^ps ' -e '^sh -ec' -e '^grep ' -e ' grep ' -e '^sort' | sort
`;

/** The lines that only one of two states has: `- before`, `+ after`. */
export function stateChanges(
  before: readonly string[],
  after: readonly string[],
): readonly string[] {
  return [
    ...before.filter((line) => !after.includes(line)).map((line) => `- ${line}`),
    ...after.filter((line) => !before.includes(line)).map((line) => `+ ${line}`),
  ];
}
