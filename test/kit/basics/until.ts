/**
 * Calls `look` every 25 ms until it returns something true, and returns that. Throws at the time
 * limit, with the last result or error of `look`.
 */
export async function until<T>(
  what: string,
  look: () => Promise<T> | T,
  timeoutMs = 60_000,
): Promise<T> {
  const endMs = performance.now() + timeoutMs;
  for (;;) {
    const seen = await attempt(look);
    if (seen.value) return seen.value;
    if (performance.now() > endMs) {
      throw new Error(`${what}: not within ${timeoutMs} ms; last: ${seen.text.slice(0, 2000)}`);
    }
    await Bun.sleep(25);
  }
}

async function attempt<T>(
  look: () => Promise<T> | T,
): Promise<{ readonly value: T | null; readonly text: string }> {
  try {
    const value = await look();
    return { value, text: JSON.stringify(value) ?? String(value) };
  } catch (error) {
    return { value: null, text: error instanceof Error ? error.message : String(error) };
  }
}
