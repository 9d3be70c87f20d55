import { expect, test } from "bun:test";
import { parseDevices } from "../../../../src/inspect/machine/daemon-links.ts";

// NetworkManager 1.52.1
const shown = `GENERAL.DEVICE:ens5
GENERAL.STATE:100 (connected)
GENERAL.REASON:0 (No reason given)
GENERAL.CON-UUID:6563326e-6963-8000-8000-06ec2a000000

GENERAL.DEVICE:ens6
GENERAL.STATE:10 (unmanaged)
GENERAL.REASON:76 (The device is unmanaged by user decision via settings plugin ("unmanaged-devices" for keyfile or "NM_CONTROLLED=no" for ifcfg-rh))
GENERAL.CON-UUID:
`;

test("devices as nmcli shows them", () => {
  expect(parseDevices(shown)).toEqual({
    ens5: { state: 100, reason: 0, profile: "6563326e-6963-8000-8000-06ec2a000000" },
    ens6: { state: 10, reason: 76, profile: null },
  });
  expect(parseDevices("")).toEqual({});
});
