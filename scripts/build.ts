/**
 * `bun scripts/build.ts [PROGRAM]`: builds dist/PROGRAM for this machine; default: ec2nic.
 */
import { version } from "../package.json";
import { compile } from "./release/compile.ts";
import { programs } from "./release/programs.ts";
import { thisMachine } from "./release/targets.ts";
import { fileSize } from "./shared/format.ts";

const [name = "ec2nic"] = process.argv.slice(2);
const program = Object.values(programs).find((each) => each.name === name);
if (program === undefined) throw new Error(`unknown program: ${name}`);
const path = `dist/${program.name}`;
compile(program, thisMachine(), path);
process.stdout.write(`${path}: ${program.name} ${version}, ${fileSize(path)}\n`);
