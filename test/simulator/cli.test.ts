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

test("control requests change the running simulator", async () => {
  const result = await withSimulator(
    ["--fault", "status,status=503,times=1"],
    async ([url = ""]) => {
      expect((await fetch(url)).status).toBe(503);
      const token = await takeToken(url);
      const key = (path: string): Promise<string> => read(url, `meta-data/${path}`, token);
      const macs = "network/interfaces/macs";

      expect(await sendControl(url, "attach", { device: 1 })).toMatchObject({
        mac: "06:ec:2a:00:00:01",
      });
      expect((await key(macs)).split("\n")).toHaveLength(2);
      await sendControl(url, "detach", { mac: "06:ec:2a:00:00:01" });
      expect((await key(macs)).split("\n")).toHaveLength(1);
      await sendControl(url, "set", { path: "tags/instance", value: { a: "1" } });
      expect(await key("tags/instance/a")).toBe("1");
      await sendControl(url, "late", { path: "tags", late: 60_000 });
      expect(await key("tags/instance/a")).toBe("404");
      expect(await sendControl(url, "remove", { path: "mac" })).toEqual({ removed: true });
      expect(await key("mac")).toBe("404");
      await sendControl(url, "fault", { fault: { kind: "empty" } });
      expect(await key("mac")).toBe("");
      await sendControl(url, "rate-limit", { perSecond: 0 });
      expect(await key("mac")).toBe("503");
      await sendControl(url, "clear-faults", {});
      expect(await key("hostname")).toStartWith("ip-");
      await sendControl(url, "expire-tokens", {});
      expect(await key("hostname")).toBe("401");
      expect(await sendControl(url, "counts", undefined)).toMatchObject({
        requests: 11,
        maxInFlight: 1,
      });
      await sendControl(url, "clear-requests", {});
      expect(await sendControl(url, "requests", undefined)).toEqual([]);

      expect(await sendControl(url, "attach", { device: "x" })).toEqual([
        400,
        expect.stringContaining("device: "),
      ]);
      expect(await sendControl(url, "nonsense", {})).toEqual([
        404,
        expect.stringContaining("Not Found"),
      ]);
    },
  );
  expect(result.code).toBe(0);
});

test("the simulator keeps running while it refuses connections, and exits with 0 on SIGTERM", async () => {
  const result = await withSimulator(["--fault", "refuse"], async ([url = ""]) => {
    await expect(fetch(url)).rejects.toThrow();
    await Bun.sleep(100);
  });
  expect(result.code).toBe(0);
});
