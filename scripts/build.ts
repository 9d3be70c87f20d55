/**
 * `bun scripts/build.ts [PROGRAM]`: dist/PROGRAM for this machine; without a name, ec2nic.
 */
import { version } from "../package.json";
import { compile } from "./release/compile.ts";
import { programs } from "./release/programs.ts";
import { thisMachine } from "./release/targets.ts";

const [name = "ec2nic"] = process.argv.slice(2);
const program = Object.values(programs).find((each) => each.name === name);
if (program === undefined) throw new Error(`there is no program ${name}`);
const path = `dist/${program.name}`;
compile(program, thisMachine(), path);
const megabytes = (Bun.file(path).size / 1e6).toFixed(0);
process.stdout.write(`${path}: ${program.name} ${version}, ${megabytes} MB\n`);
