import { expect, setDefaultTimeout } from "bun:test";
import { accelerator, bootsInTime } from "../kit/vm/qemu/accelerator.ts";
import { vmImage } from "../kit/vm/image/image.ts";
import { vmLimitMs, vmTestsMissing } from "../kit/vm/missing.ts";
import { testUnless } from "../kit/basics/skip.ts";

setDefaultTimeout(vmLimitMs);

testUnless(vmTestsMissing("trixie"))(
  "trixie's kernel shows within a time limit whether an accelerator works",
  async () => {
    const { kernel } = await vmImage("trixie");
    expect(await bootsInTime("tcg", kernel, 600_000)).toBe(true);
    expect(await bootsInTime("tcg", kernel, 100)).toBe(false);
    console.log("guests run with", await accelerator(kernel));
  },
);
