/** The `code` of an error, then that of its cause, as far as they have any: ofetch wraps. */
export function codesOf(error: unknown): readonly string[] {
  const errors = [error, error instanceof Error ? error.cause : undefined];
  return errors.flatMap((each) =>
    each instanceof Error && "code" in each ? [String(each.code)] : [],
  );
}
