import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { read, takeToken } from "../kit/simulator/client.ts";

const script = join(import.meta.dir, "../../scripts/simulator/main.ts");
const folder = mkdtempSync(join(tmpdir(), "imds-simulator-"));
afterAll(() => rmSync(folder, { recursive: true }));

function spawn(args: readonly string[]) {
  const argv = [process.execPath, script, ...args];
  return Bun.spawn(argv, { stdout: "pipe", stderr: "pipe", stdin: "ignore" });
}

async function runToEnd(args: readonly string[]) {
  const process = spawn(args);
  const [stdout, stderr] = await Promise.all([process.stdout.text(), process.stderr.text()]);
  return { code: await process.exited, stdout, stderr };
}

/** Starts the simulator, calls `work` with the printed URLs, and then stops the simulator. */
async function withSimulator(
  args: readonly string[],
  work: (urls: readonly string[]) => Promise<void>,
): Promise<{ code: number; stderr: string }> {
  const process = spawn(args);
  const stderr = process.stderr.text();
  const expectedLines = Math.max(1, args.filter((arg) => arg === "--listen").length);
  let stdout = "";
  const decoder = new TextDecoder();
  for await (const chunk of process.stdout) {
    stdout += decoder.decode(chunk);
    if (stdout.split("\n").length > expectedLines) break;
  }
  try {
    await work(stdout.match(/(?<=^listening on )http:\S+$/gm) ?? []);
    expect(process.exitCode).toBeNull();
  } finally {
    process.kill("SIGTERM");
  }
  return { code: await process.exited, stderr: await stderr };
}

async function sendControl(url: string, name: string, body: unknown): Promise<unknown> {
  const method = body === undefined ? "GET" : "POST";
  const init = body === undefined ? { method } : { method, body: JSON.stringify(body) };
  const response = await fetch(`${url}/_simulator/${name}`, init);
  return response.ok ? response.json() : [response.status, await response.text()];
}

test.each<[readonly string[], number, string]>([
  [["--bogus"], 64, "--bogus"],
  [["extra"], 64, "extra"],
  [["--listen", "here"], 64, "--listen here: "],
  [["--fault", "burn"], 64, "--fault burn: "],
  [["--latency", "5"], 64, "--latency 5: "],
  [["--enis", "0"], 64, "--enis 0: "],
  [["--scenario", join(folder, "none.json")], 66, "none.json"],
])("%p exits with %d", async (args, code, message) => {
  const result = await runToEnd(args);
  expect(result.code).toBe(code);
  expect(result.stderr).toContain(message);
  expect(result.stdout).toBe("");
});

test("an invalid scenario exits with 65 and names the field", async () => {
  const file = join(folder, "bad.json");
  await Bun.write(file, '{"enis": [{"device": "one"}]}');
  const result = await runToEnd(["--scenario", file]);
  expect(result.code).toBe(65);
  expect(result.stderr).toContain("bad.json: enis.0.device: ");
});

test("--help goes to stdout", async () => {
  const result = await runToEnd(["--help"]);
  expect([result.code, result.stderr]).toEqual([0, ""]);
  expect(result.stdout).toContain("usage:");
});

test("the simulator serves the scenario and the flags on both addresses until SIGTERM", async () => {
  const file = join(folder, "good.json");
  await Bun.write(file, '{"tags": {"Name": "web"}, "userDataBase64": "AP8="}');
  const args = ["--scenario", file, "--enis", "2", "--dual-stack", "--ipv6", "--log"];
  let token = "";
  const result = await withSimulator(
    [...args, "--listen", "127.0.0.1:0", "--listen", "[::1]:0"],
    async ([first = "", second = ""]) => {
      token = await takeToken(first);
      expect(await read(second, "meta-data/tags/instance/Name", token)).toBe("web");
      const mac = "meta-data/network/interfaces/macs/06:ec:2a:00:00:01";
      expect(await read(first, `${mac}/ipv6s`, token)).toBe("2600:1f14:ec2:101::10");
      expect(JSON.stringify(await sendControl(first, "requests", undefined))).not.toContain(token);
    },
  );
  expect(result.code).toBe(0);
  expect(result.stderr).toContain("GET /latest/meta-data/tags/instance/Name token 200");
  expect(result.stderr).not.toContain(token);
});

test("flags change how the service behaves", async () => {
  const args = ["--keep-alive", "--decode-escapes", "--listen", "127.0.0.1:0"];
  await withSimulator(args, async ([url = ""]) => {
    const token = await takeToken(url);
    expect(await read(url, "meta-data/%6dac", token)).toBe("06:ec:2a:00:00:00");
    expect((await fetch(url)).headers.get("connection")).toBe("keep-alive");
  });
  await withSimulator(["--proxy"], async ([url = ""]) => {
    expect((await fetch(`${url}/latest/api/token`, { method: "PUT" })).status).toBe(403);
  });
});

test("without --ipv6, an IPv6 address of --listen is reported and not used", async () => {
  const args = ["--listen", "127.0.0.1:0", "--listen", "[::1]:0"];
  const process = spawn(args);
  const reader = process.stderr.getReader();
  expect(new TextDecoder().decode((await reader.read()).value)).toContain("--ipv6");
  process.kill("SIGTERM");
  await process.exited;
});
