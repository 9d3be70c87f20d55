/** `make docs`: writes dist/ec2nic.8 and dist/completions/ from the definitions of the subcommands. */
import { docTexts, writeDocs } from "./docs/doc-texts.ts";
import { dayOf, sourceEpoch } from "./release/epoch.ts";

const paths = await writeDocs(docTexts(dayOf(sourceEpoch())));
process.stdout.write(`${paths.join("\n")}\n`);
