import { afterAll, beforeAll, expect, setDefaultTimeout } from "bun:test";
import { copyFileSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { temporaryFolder } from "../kit/basics/temporary-folder.ts";
import { missingRoot, missingTool, testUnless } from "../kit/basics/skip.ts";
import {
  type ClientNetwork,
  startClientNetwork,
} from "../kit/netns/real-clients/client-network.ts";
import {
  getInstalled,
  getNodePackages,
  type Got,
  unpackDebian,
} from "../kit/netns/real-clients/get-clients.ts";

/**
 * Programs of others that read IMDS on EC2 every day. If one of them does not get what it asks for,
 * the simulator is not like EC2. Each has the simulator on 169.254.169.254, in a namespace of its own.
 */
setDefaultTimeout(900_000);

const kit = join(import.meta.dir, "../kit/netns/real-clients");
const userData = '{"ignition": {"version": "3.0.0"}}';
const scenario = {
  enis: [
    { device: 0, dualStack: true },
    { device: 1, emptyLeaves: ["public-hostname"] },
  ],
  iamRole: "web",
  ecsTaskRoles: ["task"],
  tags: { Name: "web" },
  userData,
};
const missing = missingRoot() ?? missingTool("ip", "curl", "unshare", "nsenter");
const downloads = temporaryFolder();
let network: ClientNetwork;

beforeAll(async () => {
  if (missing === null) network = await startClientNetwork(scenario);
});
afterAll(async () => {
  await network?.[Symbol.asyncDispose]();
  downloads[Symbol.dispose]();
});

/** Defines a test of a client, which is skipped where the client cannot be had. */
function testClient<T>(name: string, got: Got<T>, body: (client: T) => Promise<void>): void {
  const reason = missing ?? ("client" in got ? null : got.missing);
  testUnless(reason)(name, async () => {
    if ("client" in got) await body(got.client);
  });
}

const token = "PUT /latest/api/token 200";
const role = [
  "GET /latest/meta-data/iam/security-credentials/ 200",
  "GET /latest/meta-data/iam/security-credentials/web 200",
];
const zone = "GET /latest/meta-data/placement/availability-zone/ 200";

const dist = "/usr/lib/python3/dist-packages";

const aws = await getInstalled(["/usr/bin/aws"], ["awscli"]);
testClient("Debian's awscli finds the credentials and the region", aws, async () => {
  const { stdout, asked } = await network.run(["/usr/bin/aws", "configure", "list"]);
  expect(stdout).toMatch(/access_key +\*+ROLE +iam-role/);
  expect(stdout).toMatch(/region +eu-central-1/);
  expect(asked).toEqual([token, ...role, token, zone]);
});

const botocore = await getInstalled([`${dist}/botocore`], ["python3-botocore"]);
testClient("Debian's botocore fetches the credentials and the region", botocore, async () => {
  const script = [
    "from botocore.session import Session",
    "from botocore.utils import IMDSRegionProvider, InstanceMetadataFetcher",
    "found = InstanceMetadataFetcher(timeout=10, num_attempts=1).retrieve_iam_role_credentials()",
    "print(found['access_key'], IMDSRegionProvider(Session()).provide())",
  ];
  const { stdout, asked } = await network.run(["/usr/bin/python3", "-c", script.join("\n")]);
  expect(stdout).toBe("ASIAEXAMPLEROLE eu-central-1\n");
  expect(asked).toEqual([token, ...role, token, zone]);
});

const packages = ["@aws-sdk/ec2-metadata-service", "@aws-sdk/credential-provider-imds"];
const sdk = await getNodePackages(packages, downloads.path);
testClient(`${packages.join(" and ")} read leaves and credentials`, sdk, async (client) => {
  const script = join(client.folder, "read.mjs");
  copyFileSync(join(kit, "read-with-sdk.mjs"), script);
  const { stdout, asked } = await network.run([client.node, script]);
  const expected = { deviceNumber: "1", publicHostname: "", accessKeyId: "ASIAEXAMPLEROLE" };
  expect(JSON.parse(stdout)).toEqual(expected);
  // the SDK sends two slashes, and the colons of the MAC as they are
  const macFolder = "//latest/meta-data/network/interfaces/macs/06:ec:2a:00:00:01";
  const leaves = ["device-number", "public-hostname"].map((leaf) => `GET ${macFolder}/${leaf} 200`);
  expect(asked).toEqual([...leaves.flatMap((line) => [token, line]), token, ...role]);
});

const ignition = await unpackDebian("ignition", downloads.path);
testClient("Debian's ignition fetches from a dated version", ignition, async (client) => {
  const program = join(client, "usr/lib/dracut/modules.d/30ignition/ignition");
  const root = join(network.folder, "ignition-root");
  mkdirSync(root);
  const files = [`--config-cache=${root}/cache`, `--neednet=${root}/neednet`];
  const flags = [`--root=${root}`, "--platform=aws", "--stage=fetch", "--log-to-stdout"];
  const { stdout, asked } = await network.run([program, ...flags, ...files]);
  expect(stdout).toContain("Ignition finished successfully");
  expect(asked).toContain("GET /2019-10-01/user-data 200");
  expect(asked.filter((line) => !line.endsWith(" 200"))).toEqual([]);
});

const cloudInit = await getCloudInit();
testClient("Debian's cloud-init crawls the metadata", cloudInit, async (client) => {
  const state = join(network.folder, "cloud-init-state");
  mkdirSync(state);
  const script = join(kit, "crawl-with-cloud-init.py");
  const argv = ["/usr/bin/python3", script, join(client, dist), state];
  const { stdout, asked } = await network.run(argv);
  const crawled = JSON.parse(stdout) as { metaData: object; userData: string };
  expect(crawled.userData).toBe(userData);
  expect(crawled.metaData).toMatchObject({
    "instance-id": "i-0ec20000000000001",
    network: { interfaces: { macs: { "06:ec:2a:00:00:01": { "public-hostname": "" } } } },
    tags: { instance: { Name: "web" } },
  });
  expect(asked.filter((line) => !line.endsWith(" 200"))).toEqual([]);
  expect(asked.filter((line) => line.includes("/macs/06:ec:2a:00:00:01/"))).not.toEqual([]);
  const dated = /^GET \/\d{4}-\d\d-\d\d\//;
  expect(asked.filter((line) => line !== token && !dated.test(line))).toEqual([]);
});

async function getCloudInit(): Promise<Got<string>> {
  const names = ["configobj", "jinja2", "jsonpatch", "jsonschema", "netifaces", "oauthlib"];
  const modules = [...names, "requests", "yaml"].map((name) => `python3-${name}`);
  const needed = ["jinja2", "jsonschema", "requests"].map((name) => `${dist}/${name}`);
  const python = await getInstalled(["/usr/bin/python3", ...needed], modules);
  return "client" in python ? unpackDebian("cloud-init", downloads.path) : python;
}
