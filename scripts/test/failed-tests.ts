/** What `bun test --only-failures` says of one test that failed. */
export interface FailedTest {
  /** Its file, as bun names it. */
  readonly file: string;
  /** The groups it is in, and its name. */
  readonly name: string;
  /** Its errors, with what the file wrote to stderr before them: the last lines of it. */
  readonly said: string;
}

const linesKept = 40;
const fileLine = /^(\S+\.test\.ts):$/;
const failLine = /^\(fail\) (.*?)(?: \(attempt \d+\))?(?: \[[\d.]+m?s\])?$/;

/** The tests that failed, of a report as bun writes it to stderr, without colours. */
export function failedTests(report: string): readonly FailedTest[] {
  const failed: FailedTest[] = [];
  let file = "";
  let said: string[] = [];
  for (const line of report.split("\n")) {
    const nextFile = fileLine.exec(line)?.[1];
    const name = failLine.exec(line)?.[1];
    if (nextFile === undefined) said.push(line);
    else file = nextFile;
    if (name !== undefined) failed.push({ file, name, said: said.slice(-linesKept).join("\n") });
    if (nextFile !== undefined || name !== undefined) said = [];
  }
  return failed;
}

/** What is read by who sees only the end of a long report: each failed test's file, name and errors. */
export function describeFailed(failed: readonly FailedTest[]): string {
  return failed.map(({ file, name, said }) => `\nfailed: ${file}: ${name}\n${said}`).join("\n");
}
