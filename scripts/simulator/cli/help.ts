/** What `--help` prints: at most 80 columns. */
export const help = `ec2nic-imds-simulator: an EC2 metadata service (IMDSv2) to test against

usage: ec2nic-imds-simulator [options]

In a checkout, "bun scripts/simulator/main.ts" is the same.

options
  --scenario FILE    the instance and how its service behaves, as JSON (below)
  --enis N           an instance with N network interfaces (default 1)
  --dual-stack       with IPv6 on each of them
  --user-data FILE   what user-data answers, byte for byte
  --listen ADDR:PORT where to listen; repeatable; IPv6 as [::1]:80; port 0 is
                     any that is free (default 127.0.0.1:0)
  --latency TIME     before every answer: 20ms, 2s
  --rate-limit N[,answer=429|503|drop][,retryAfter=SECONDS]
                     N requests a second, and beyond them 503
  --fault FAULT      something that goes wrong (below); repeatable
  --log              each request on stderr when it is over, without its token
  --help

It prints 'listening on http://ADDR:PORT' for each address, serves until SIGTERM
or SIGINT, and ends with 0. 64: bad option. 65: bad scenario. 66: no such file.
71: cannot listen. 77: not allowed to.

faults
  KIND[,NAME=VALUE]...  or as JSON, as in a scenario: {"fault": {...}, ...}

  status,status=503  that status; also body=TEXT (headers in JSON only)
  refuse             connections are refused, open ones reset
  hang               the request is read, then silence
  hang-headers       the headers are sent, the body never
  reset              the request is read, then RST
  close              the request is read, then FIN without a byte
  slow,everyMs=5     the right answer, a byte every 5 ms; bytes=N at a time
  delay,ms=300       the right answer, 300 ms later
  cut                Content-Length tells more than is sent; bytes=N are sent
  cut-chunked        the last chunk never comes; bytes=N are sent
  garbage            an answer that is not HTTP; text=TEXT
  oversized          a body without end, or of bytes=N; framing=chunked
  redirect,location=URL
                     302
  token-rejected     a token is given, and answered with 401 ever after
  empty              200 without a body

  and when it strikes:
  match=METHOD PATH  only requests that fit; * is any run of characters
  times=N  skip=N    N requests, after letting N pass
  afterMs=T  forMs=T from T after the start, for so long

  The first fault that fits a request wins. 'refuse' takes only afterMs, forMs.

scenario file
  {
    "instanceId": "i-0123456789abcdef0",
    "enis": [
      {"device": 0, "dualStack": true, "publicIpv4": ["203.0.113.7"]},
      {"device": 1, "ipv4": ["10.0.1.10", "10.0.1.11"],
       "late": {".": 3000, "ipv6s": 8000,
                "device-number": {"afterMs": 5000, "before": "0"}}}
    ],
    "tags": {"Name": "web"},
    "iamRole": "web",
    "userDataBase64": "IyEvYmluL3NoCg==",
    "late": {"public-keys": {"afterMs": 2000, "listed": true}},
    "changes": [{"afterMs": 9000, "attach": {"device": 2}}],
    "faults": [{"match": "PUT /latest/api/token", "times": 2,
                "fault": {"kind": "status", "status": 503,
                          "headers": {"Retry-After": "1"}}}],
    "rateLimit": {"perSecond": 50, "answer": 503, "retryAfter": 1},
    "latencyMs": 2
  }

  Every field may be left out. Also: instanceType, imageId, accountId,
  availabilityZone, keyName (null: none), userData (text), httpTokens
  ("required", "optional"), keepAlive (false: one request a connection),
  disabled (true: 403), content ({"metaData": {...}, "dynamic": {...}} instead
  of the built instance), set ({KEY: value, object, or null to take away}).
  An ENI also: card, mac, id, ipv6, subnetCidr, subnetIpv6Cidrs, vpcCidrs,
  vpcIpv6Cidrs, ipv4Prefixes, ipv6Prefixes, efaOnly.
  Late, from the start or the attachment on: a number of milliseconds (neither
  listed nor readable until then), {"afterMs": T, "listed": true} (listed, but
  404), {"afterMs": T, "before": VALUE} (another value). In an ENI, the keys are
  below its own folder, and "." is the folder.
  Changes: attach, detach ({"mac": ..., "lingerMs": T}: still listed for T),
  set ({"path": KEY, "value": ...}), remove ({"path": KEY}).
  Keys are relative to meta-data/, or begin with dynamic/ or user-data.

changing it while it runs
  On the same port, without a token and without the faults (but not while
  connections are refused):

  POST /_simulator/attach          an ENI         {"device": 2}
  POST /_simulator/detach          {"mac": MAC}   also "lingerMs"
  POST /_simulator/set             {"path": KEY, "value": VALUE}
  POST /_simulator/remove          {"path": KEY}
  POST /_simulator/late            {"path": KEY, "late": LATE}
  POST /_simulator/fault           {"fault": {"kind": "hang"}, "times": 3}
  POST /_simulator/clear-faults    faults and rate limit end
  POST /_simulator/rate-limit      {"perSecond": 5}, or null
  POST /_simulator/expire-tokens   every token so far is a 401
  POST /_simulator/clear-requests  forgets the requests
  GET  /_simulator/requests        the requests so far, as JSON
  GET  /_simulator/counts          time, requests, connections, how many at once

examples
  ec2nic-imds-simulator --enis 3 --dual-stack --log
  ec2nic-imds-simulator --listen 127.0.0.1:8169 \\
      --fault 'status,status=503,match=PUT /latest/api/token,times=3' \\
      --fault 'refuse,forMs=2000'
  curl -d '{"device": 1}' http://127.0.0.1:8169/_simulator/attach
`;
