/** Has `tell` told of what nobody caught: by itself Bun would end with 1, which means something. */
export function onCrash(tell: (error: unknown) => void): void {
  process.once("uncaughtException", tell);
  process.once("unhandledRejection", tell);
}
