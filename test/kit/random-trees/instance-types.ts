/** What EC2 allows an instance type to have. */
export interface InstanceType {
  readonly name: string;
  /** The largest number of ENIs on each network card. */
  readonly cards: readonly number[];
  /** The largest number of addresses of an ENI in one family; a delegated prefix counts as one. */
  readonly addresses: number;
  /** Whether secondary ENIs may be EFA-only. */
  readonly hasEfa: boolean;
}

function typeOf(name: string, cards: readonly number[], addresses: number): InstanceType {
  return { name, cards, addresses, hasEfa: cards.length > 1 };
}

/**
 * From AWS, "Maximum IP addresses per network interface" and "Network cards", in the EC2 user guide:
 * https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/using-eni.html
 */
export const instanceTypes: readonly InstanceType[] = [
  typeOf("t2.micro", [2], 2),
  typeOf("t3.small", [3], 4),
  typeOf("m5.large", [3], 10),
  typeOf("m5.xlarge", [4], 15),
  typeOf("m5.4xlarge", [8], 30),
  typeOf("m5.24xlarge", [15], 50),
  typeOf("hpc6id.32xlarge", [1, 1], 50),
  typeOf("c6in.32xlarge", [8, 8], 50),
  typeOf("p4d.24xlarge", [15, 15, 15, 15], 50),
  typeOf(
    "p5.48xlarge",
    Array.from({ length: 32 }, () => 2),
    50,
  ),
];
