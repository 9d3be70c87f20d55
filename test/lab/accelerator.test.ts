import { expect, setDefaultTimeout } from "bun:test";
import { accelerator, provesItself } from "../support/lab/accelerator.ts";
import { labImage } from "../support/lab/image.ts";
import { labMissing } from "../support/lab/missing.ts";
import { testUnless } from "../support/skip.ts";

setDefaultTimeout(200_000);

testUnless(labMissing("trixie"))(
  "trixie's kernel shows whether an accelerator works: in time, or not",
  async () => {
    const { kernel } = await labImage("trixie");
    expect(await provesItself("tcg", kernel, 60_000)).toBe(true);
    expect(await provesItself("tcg", kernel, 100)).toBe(false);
    console.log("guests run with", await accelerator(kernel));
  },
);
