/**
 * `make bench`: figures beside others', in one run.
 *
 * - `ROUNDS` (60): rounds of the short ones.
 * - `SCHEDULES`: which NICs are plugged in; `all`, a part of a name, or `none`; default: some.
 * - `EC2_NET_UTILS`: a checkout of amazon-ec2-net-utils, which then takes part.
 */
import { needTools } from "../test/support/bench/need-tools.ts";
import { besideCurl } from "./bench/beside-curl.ts";
import { besidePeers } from "./bench/beside-peers.ts";

needTools({ curl: "curl" });
await besideCurl(Number(process.env["ROUNDS"] ?? "60"));
if (process.env["SCHEDULES"] !== "none") await besidePeers();
