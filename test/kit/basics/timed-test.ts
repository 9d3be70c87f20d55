import { test } from "bun:test";

/**
 * A concurrent test that depends on tries of 0.2 s and deadlines of 1 s. On a busy machine such a try
 * can time out for that reason alone, so the test may be repeated twice: a real defect fails three
 * times.
 */
export function timedTest(name: string, body: () => Promise<void>): void {
  test.concurrent(name, body, { retry: 2 });
}
