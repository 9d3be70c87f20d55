import { test } from "bun:test";

/**
 * A concurrent test whose outcome depends on tries of a fifth of a second and deadlines of one: on a
 * machine that is busy with other things such a try may be cut for that alone. What is really wrong
 * is wrong three times.
 */
export function timedTest(name: string, body: () => Promise<void>): void {
  test.concurrent(name, body, { retry: 2 });
}
