export type InTurn = <T>(work: () => Promise<T>, urgency?: Urgency) => Promise<T>;

/** `first`: more work hangs on it than on the rest. */
export type Urgency = "first" | "later";

/**
 * Lets at most `most` pieces of work run at once; the others wait in the order they came, the
 * first before the later ones. IMDS limits simultaneous connections, and fetch opens one for each
 * request in flight.
 */
export function limiter(most: number): InTurn {
  let running = 0;
  const waiting: Readonly<Record<Urgency, (() => void)[]>> = { first: [], later: [] };
  return async (work, urgency = "later") => {
    if (running < most) running += 1;
    else await new Promise<void>((resolve) => waiting[urgency].push(resolve));
    try {
      return await work();
    } finally {
      const next = waiting.first.shift() ?? waiting.later.shift();
      if (next === undefined) running -= 1;
      else next(); // the place is handed on, not given back
    }
  };
}
