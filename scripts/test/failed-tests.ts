/** A failed test in a report of `bun test --only-failures`. */
export interface FailedTest {
  /** The path of its file, as bun prints it. */
  readonly file: string;
  /** The names of its groups and of the test, with ` > ` between them. */
  readonly name: string;
  /** The last lines of what was printed since the test before it: stderr of the file, and errors. */
  readonly output: string;
}

const linesKept = 40;
const fileLine = /^(\S+\.test\.ts):$/;
const failLine = /^\(fail\) (.*?)(?: \[[\d.]+m?s\])?$/;

/** The failed tests of a report, as bun writes it to stderr, without colours. */
export function failedTests(report: string): readonly FailedTest[] {
  const failed: FailedTest[] = [];
  let file = "";
  let lines: string[] = [];
  for (const line of report.split("\n")) {
    const nextFile = fileLine.exec(line)?.[1];
    const name = failLine.exec(line)?.[1];
    if (nextFile === undefined) lines.push(line);
    else file = nextFile;
    if (name !== undefined) {
      failed.push({ file, name, output: lines.slice(-linesKept).join("\n") });
    }
    if (nextFile !== undefined || name !== undefined) lines = [];
  }
  return failed;
}

/** The end of a long report: the file, name and output of each failed test. */
export function describeFailed(failed: readonly FailedTest[]): string {
  return failed.map(({ file, name, output }) => `\nfailed: ${file}: ${name}\n${output}`).join("\n");
}
