import { describe, expect, setDefaultTimeout } from "bun:test";
import { atOnceMs, testLimitMs } from "../../kit/basics/busy-machine.ts";
import { networkMissing } from "../../kit/netns/nic-network/missing.ts";
import { startNicNetwork } from "../../kit/netns/nic-network/nic-network.ts";
import type { NicSpec } from "../../kit/netns/nic-network/nic-spec.ts";
import { missingTool, testUnless } from "../../kit/basics/skip.ts";

setDefaultTimeout(testLimitMs);

/**
 * Does what MemoryDenyWriteExecute= of a unit does, with prctl(2) PR_SET_MDWE (Linux 6.3; 157 is
 * prctl on x86-64). The setting survives exec.
 */
const aroundMdwe = [
  "perl",
  "-e",
  "syscall(157, 65, 1, 0, 0, 0) == 0 or exit 99; exec @ARGV or exit 98",
];

const restrictions = {
  "the kernel forbids memory that is writable and executable": { around: aroundMdwe },
  "Bun has no JIT": { env: { BUN_JSC_useJIT: "0" } },
} as const;

const testNics = testUnless(networkMissing() ?? missingTool("perl") ?? missingMdwe());
const ens5: NicSpec = { name: "ens5", ipv4: "10.0.0.10/24", imds: "answers", defaultRoute: true };
const ens6: NicSpec = { name: "ens6", ipv4: "10.0.1.10/24", imds: "answers" };
const identity = ["fetch", "instance-id"] as const;
const warning = "sockets can't be bound to a NIC in this process";

for (const [why, restricted] of Object.entries(restrictions)) {
  describe(why, () => {
    testNics("fetch uses a slow default route and warns that no other NIC is tried", async () => {
      const slow: NicSpec = { ...ens5, imds: { latencyMs: 1500 } };
      await using network = await startNicNetwork({ nics: [slow, ens6] });
      const { code, text, stderr } = await network.ec2nic(identity, restricted);
      expect({ code, text }).toEqual({ code: 0, text: "i-0ec20000000000001\n" });
      expect(stderr).toContain(
        `${warning} (bun:ffi requires the JIT), so ec2nic contacts IMDS only through the default route`,
      );
      expect(stderr).toContain(
        "hint: run ec2nic as root, and not in a unit with MemoryDenyWriteExecute=yes",
      );
    });

    testNics(
      "fetch exits with 69 in time if the default route is dead, and says why no other NIC was tried",
      async () => {
        const dead: NicSpec = { ...ens5, imds: "swallows" };
        await using network = await startNicNetwork({ nics: [dead, ens6] });
        const { code, stderr, elapsedMs } = await network.ec2nic(
          [...identity, "--timeout", "2s"],
          restricted,
        );
        expect(code, stderr).toBe(69);
        expect(elapsedMs).toBeLessThan(atOnceMs);
        expect(stderr.split(warning)).toHaveLength(3); // the warning, and the reason of the error
      },
    );

    testNics("--interface fails at once with 69, and no other NIC is used", async () => {
      await using network = await startNicNetwork({ nics: [ens5, ens6] });
      const args = [...identity, "--interface", "ens6"];
      const { code, text, stderr, elapsedMs } = await network.ec2nic(args, restricted);
      expect({ code, text }).toEqual({ code: 69, text: "" });
      expect(stderr).toContain(`ens6: ${warning}`);
      expect(elapsedMs).toBeLessThan(atOnceMs);
    });
  });
}

/** Why PR_SET_MDWE cannot be used; null if it can. */
function missingMdwe(): string | null {
  if (missingTool("perl") !== null) return null;
  const { exitCode } = Bun.spawnSync([...aroundMdwe, "true"]);
  return exitCode === 0 ? null : "this kernel has no PR_SET_MDWE";
}
