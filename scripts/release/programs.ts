import { version } from "../../package.json";

/** What is compiled into an executable. */
export interface Program {
  readonly name: string;
  readonly entry: string;
  /** How a run of it is known to be right: the first words of what it prints. */
  readonly trial: { readonly flag: string; readonly prints: string };
}

export const programs = {
  ec2nic: {
    name: "ec2nic",
    entry: "src/main.ts",
    trial: { flag: "--version", prints: `ec2nic ${version}\n` },
  },
  "ec2nic-imds-simulator": {
    name: "ec2nic-imds-simulator",
    entry: "scripts/simulator/main.ts",
    trial: { flag: "--help", prints: "ec2nic-imds-simulator: " },
  },
} as const satisfies Record<string, Program>;
