import type { Vm } from "../vm.ts";

const working = `
systemctl list-jobs --no-legend
systemctl list-units --no-legend --state=active,activating,deactivating 'ec2nic-*.service'
`;

/** Waits until no run of ours is at work, and none is to come. */
export async function untilIdle(vm: Pick<Vm, "run" | "until">): Promise<void> {
  const look = async (): Promise<boolean> => {
    const said = (await vm.run(["sh", "-c", working])).trim();
    if (said === "") return true;
    throw new Error(said);
  };
  await vm.until("no run of ours is at work", look, 90_000);
}
