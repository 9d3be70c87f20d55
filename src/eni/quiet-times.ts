/**
 * For how long the metadata of an ENI must not change until a missing part counts as absent, in ms.
 * `activate` has no history of the ENI, so it reads again for this time; `hotplug add` uses
 * `--settle`. Keys were seen 404 or empty for 2.8 s (nodeadm: awslabs/amazon-eks-ami #1970: 2 s).
 */
export const settledQuietMs = 5000;

/**
 * For how long the metadata must not change until waiting cannot help an ENI of which nothing can
 * be configured. It is longer, because a MAC was seen missing for 20 to 30 s after an attachment.
 */
export const finalQuietMs = 30_000;
