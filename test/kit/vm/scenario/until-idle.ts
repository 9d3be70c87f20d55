import type { Vm } from "../vm.ts";

const working = `
systemctl list-jobs --no-legend
systemctl list-units --no-legend --state=active,activating,deactivating 'ec2nic-*.service'
`;

/** Waits until no ec2nic unit runs, and no job is queued. */
export async function untilIdle(vm: Pick<Vm, "run" | "until">): Promise<void> {
  const look = async (): Promise<boolean> => {
    const output = (await vm.run(["sh", "-c", working])).trim();
    if (output === "") return true;
    throw new Error(output);
  };
  await vm.until("no ec2nic unit runs", look, 900_000);
}
