import { describe, expect, setDefaultTimeout } from "bun:test";
import { networkMissing } from "../../kit/netns/nic-network/missing.ts";
import { startNicNetwork } from "../../kit/netns/nic-network/nic-network.ts";
import type { NicSpec } from "../../kit/netns/nic-network/nic-spec.ts";
import { missingTool, testUnless } from "../../kit/basics/skip.ts";

setDefaultTimeout(30_000);

/**
 * What a unit with MemoryDenyWriteExecute= does to a process, by the kernel's own means (prctl(2),
 * PR_SET_MDWE, Linux 6.3; x86-64's number); it lasts through exec.
 */
const forbid = [
  "perl",
  "-e",
  "syscall(157, 65, 1, 0, 0, 0) == 0 or exit 99; exec @ARGV or exit 98",
];

const denials = {
  "the kernel forbids memory that is writable and executable": { around: forbid },
  "Bun has no JIT": { env: { BUN_JSC_useJIT: "0" } },
} as const;

const testNics = testUnless(networkMissing() ?? missingTool("perl") ?? whyNoMdwe());
const ens5: NicSpec = { name: "ens5", ipv4: "10.0.0.10/24", imds: "answers", defaultRoute: true };
const ens6: NicSpec = { name: "ens6", ipv4: "10.0.1.10/24", imds: "answers" };
const identity = ["fetch", "instance-id"] as const;
const told = "sockets can't be bound to a nic in this process";

for (const [why, denied] of Object.entries(denials)) {
  describe(why, () => {
    testNics("the default route serves, and there is nothing to say", async () => {
      await using network = await startNicNetwork({ nics: [ens5, ens6] });
      expect(await network.ec2nic(identity, denied)).toMatchObject({ code: 0, stderr: "" });
    });

    testNics("the default route is slow: it serves, and is said to be the only way", async () => {
      const slow: NicSpec = { ...ens5, imds: { latencyMs: 600 } };
      await using network = await startNicNetwork({ nics: [slow, ens6] });
      const { code, text, stderr } = await network.ec2nic(identity, denied);
      expect({ code, text }).toEqual({ code: 0, text: "i-0ec20000000000001\n" });
      expect(stderr).toContain(`${told}, only the default route is used: bun:ffi requires the JIT`);
      expect(stderr).toContain(
        "hint: run it as root, and by no unit with MemoryDenyWriteExecute=yes",
      );
    });

    testNics(
      "the default route leads nowhere: 69 in time, and why no other nic helped",
      async () => {
        const dead: NicSpec = { ...ens5, imds: "swallows" };
        await using network = await startNicNetwork({ nics: [dead, ens6] });
        const { code, stderr, elapsedMs } = await network.ec2nic(
          [...identity, "--timeout", "2s"],
          denied,
        );
        expect(code, stderr).toBe(69);
        expect(elapsedMs).toBeLessThan(2400);
        expect(stderr.split(told)).toHaveLength(3); // the warning, and the reason of the error
      },
    );

    testNics("--interface can't be obeyed: told at once, and no other way is taken", async () => {
      await using network = await startNicNetwork({ nics: [ens5, ens6] });
      const args = [...identity, "--interface", "ens6"];
      const { code, text, stderr, elapsedMs } = await network.ec2nic(args, denied);
      expect({ code, text }).toEqual({ code: 69, text: "" });
      expect(stderr).toContain(`ens6: ${told}`);
      expect(elapsedMs).toBeLessThan(1000);
    });

    testNics("probe-nics asks by the kernel's own routing, and says so", async () => {
      await using network = await startNicNetwork({ nics: [ens5, ens6] });
      const { code, text, stderr } = await network.ec2nic(["probe-nics"], denied);
      expect(code, stderr).toBe(0);
      expect(stderr).toContain("bun:ffi requires the JIT");
      expect(text).toContain("kernel's routing");
    });
  });
}

function whyNoMdwe(): string | null {
  if (missingTool("perl") !== null) return null;
  const { exitCode } = Bun.spawnSync([...forbid, "true"]);
  return exitCode === 0 ? null : "this kernel has no PR_SET_MDWE";
}
