import { expect } from "bun:test";
import { existsSync } from "node:fs";
import { releaseFile } from "../kit/release/release-files.ts";
import { binary } from "../kit/program/run-ec2nic.ts";
import { missingTool, testUnless } from "../kit/basics/skip.ts";

const executables = [
  { path: binary, libc: "glibc" },
  { path: releaseFile("ec2nic-VERSION-linux-x64"), libc: "glibc" },
  { path: releaseFile("ec2nic-VERSION-linux-arm64"), libc: "glibc" },
  { path: releaseFile("ec2nic-imds-simulator-VERSION-linux-x64"), libc: "glibc" },
  { path: releaseFile("ec2nic-imds-simulator-VERSION-linux-arm64"), libc: "glibc" },
  { path: releaseFile("ec2nic-VERSION-linux-x64-musl"), libc: "musl" },
  { path: releaseFile("ec2nic-VERSION-linux-arm64-musl"), libc: "musl" },
] as const;

const glibcLibraries = /^(?:libc\.so\.6|libm\.so\.6|libdl\.so\.2|libpthread\.so\.0|ld-linux-.*)$/;
const muslLibraries = /^(?:libc\.musl-.*|libstdc\+\+\.so\.6)$/;

for (const { path, libc } of executables) {
  const reason = existsSync(path) ? missingTool("readelf") : `${path} is not built`;
  const name = path.slice(path.lastIndexOf("/") + 1);
  const testIt = testUnless(reason);

  testIt(`${name} needs ${libc === "glibc" ? "no glibc after 2.17" : "musl"}`, async () => {
    const versions = readelf("--version-info", path).matchAll(/Name: GLIBC_(\d+)\.(\d+)/g);
    const minors = [...versions].map(([, major, minor]) => Number(major) * 1000 + Number(minor));
    if (libc === "musl") return expect(minors).toEqual([]);
    expect(minors).not.toBeEmpty();
    expect(Math.max(...minors)).toBeLessThanOrEqual(2017);
  });

  testIt(`${name} needs no library but libc's${libc === "musl" ? " and C++'s" : ""}`, async () => {
    const needed = readelf("--dynamic", path).matchAll(/\(NEEDED\).*\[(.+)\]/g);
    const names = [...needed].map(([, library = ""]) => library);
    expect(names).not.toBeEmpty();
    const known = libc === "musl" ? muslLibraries : glibcLibraries;
    expect(names.filter((each) => !known.test(each))).toEqual([]);
  });
}

function readelf(flag: string, path: string): string {
  return Bun.spawnSync(["readelf", "--wide", flag, path], {
    env: { LC_ALL: "C" },
  }).stdout.toString();
}
