/**
 * Waits until `look` gives something true, and gives that; asks every 25 ms. Throws at the time
 * limit, with what `look` gave or threw last.
 */
export async function until<T>(
  what: string,
  look: () => Promise<T> | T,
  timeoutMs = 10_000,
): Promise<T> {
  const endMs = performance.now() + timeoutMs;
  for (;;) {
    const seen = await attempt(look);
    if (seen.value) return seen.value;
    if (performance.now() > endMs) {
      throw new Error(`${what}: not within ${timeoutMs} ms; last: ${seen.said.slice(0, 2000)}`);
    }
    await Bun.sleep(25);
  }
}

async function attempt<T>(
  look: () => Promise<T> | T,
): Promise<{ readonly value: T | null; readonly said: string }> {
  try {
    const value = await look();
    return { value, said: JSON.stringify(value) ?? String(value) };
  } catch (error) {
    return { value: null, said: error instanceof Error ? error.message : String(error) };
  }
}
