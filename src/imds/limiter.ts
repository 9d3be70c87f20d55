/**
 * Lets at most `most` pieces of work run at once; the others wait in the order they came.
 * IMDS limits simultaneous connections, and fetch opens one for each request in flight.
 */
export function limiter(most: number): <T>(work: () => Promise<T>) => Promise<T> {
  let running = 0;
  const waiting: (() => void)[] = [];
  return async (work) => {
    if (running < most) running += 1;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next === undefined) running -= 1;
      else next(); // the place is handed on, not given back
    }
  };
}
