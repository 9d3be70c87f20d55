/** netplan writes a number for the mode, MACs in lower case, and attributes in another order. */
export function asNetplanWrites(keys: readonly string[]): readonly string[] {
  return keys
    .filter((key) => !key.startsWith("user."))
    .map((key) => key.replace("addr-gen-mode=eui64", "addr-gen-mode=0"))
    .map((key) => key.replace(/(table=\d+),(onlink=true)/, "$2,$1"))
    .map((key) => key.replace(/(?<=mac-address=).*/, (text) => text.toLowerCase()));
}

/** Joins each route with its options: netplan numbers the routes that it cannot express last. */
function withoutRouteNumbers(lines: readonly string[]): readonly string[] {
  const optionsOf = (number: string): string =>
    lines.find((line) => line.startsWith(`route${number}_options=`))?.split("_options=")[1] ?? "";
  return lines
    .filter((line) => !/^route\d+_options=/.test(line))
    .map((line) =>
      line.replace(/^route(\d+)=(.*)/, (_, number, to) => `route=${to} ${optionsOf(number)}`),
    );
}

/** `section.key=value` of each line of a profile. */
export function keysOf(text: string | undefined): readonly string[] {
  const blocks = (text ?? "").split(/^(?=\[)/m).map((block) => block.trim().split("\n"));
  return blocks.flatMap(([head = "", ...lines]) =>
    withoutRouteNumbers(lines.filter((line) => /^[\w-]+=/.test(line))).map(
      (line) => `${head.slice(1, -1)}.${line}`,
    ),
  );
}
