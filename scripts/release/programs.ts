import { version } from "../../package.json";

/** A program that is compiled into an executable. */
export interface Program {
  readonly name: string;
  readonly entry: string;
  /** A working executable that is run with `flag` prints text that begins with `prints`. */
  readonly check: { readonly flag: string; readonly prints: string };
}

export const programs = {
  ec2nic: {
    name: "ec2nic",
    entry: "src/main.ts",
    check: { flag: "--version", prints: `ec2nic ${version}\n` },
  },
  "ec2nic-imds-simulator": {
    name: "ec2nic-imds-simulator",
    entry: "scripts/simulator/main.ts",
    check: { flag: "--help", prints: "ec2nic-imds-simulator: " },
  },
} as const satisfies Record<string, Program>;
