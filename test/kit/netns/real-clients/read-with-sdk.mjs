// Reads with the packages of the AWS SDK for JavaScript, and prints the results as one JSON object.
import { MetadataService } from "@aws-sdk/ec2-metadata-service";
import { fromInstanceMetadata } from "@aws-sdk/credential-provider-imds";

const service = new MetadataService({});
const folder = "/latest/meta-data/network/interfaces/macs/06:ec:2a:00:00:01";
const deviceNumber = await service.request(`${folder}/device-number`, {});
const publicHostname = await service.request(`${folder}/public-hostname`, {});
const { accessKeyId } = await fromInstanceMetadata({ timeout: 10_000 })();
console.log(JSON.stringify({ deviceNumber, publicHostname, accessKeyId }));
