// Makes the calls that standard input lists with the AWS SDK for JavaScript, one after another, and
// prints how each came out. A call is {service, command, input}; an outcome {answer} or {error}.
// Bytes are {"$base64": "…"} in both directions. With `page`, the origin of a web page, the calls
// are made as a browser makes them for that page, and `preflights` counts what it asked beforehand.
// An event stream is read to its end and becomes the list of its events, a body its bytes.
import * as logs from "@aws-sdk/client-cloudwatch-logs";
import * as lambda from "@aws-sdk/client-lambda";
import * as s3 from "@aws-sdk/client-s3";
import * as sns from "@aws-sdk/client-sns";
import * as sqs from "@aws-sdk/client-sqs";
import { FetchHttpHandler } from "@smithy/fetch-http-handler";
import { text } from "node:stream/consumers";

import { Page } from "./page.mjs";

const { page: origin, calls } = JSON.parse(await text(process.stdin), (_key, value) =>
  typeof value?.$base64 === "string" ? Buffer.from(value.$base64, "base64") : value,
);

const page = origin === null ? null : new Page(origin);
const settings = {
  maxAttempts: 1,
  ...(page && { requestHandler: new FetchHttpHandler({ customFetch: page.fetch }) }),
};
const services = {
  lambda: { commands: lambda, client: new lambda.LambdaClient(settings) },
  s3: { commands: s3, client: new s3.S3Client(settings) },
  sqs: { commands: sqs, client: new sqs.SQSClient(settings) },
  logs: { commands: logs, client: new logs.CloudWatchLogsClient(settings) },
  sns: { commands: sns, client: new sns.SNSClient(settings) },
};

const outcomes = [];
for (const { service, command, input } of calls) {
  const { commands, client } = services[service];
  try {
    const answer = await client.send(new commands[`${command}Command`](input));
    if (answer.Body) answer.Body = await answer.Body.transformToByteArray();
    if (answer.EventStream) answer.EventStream = await listed(answer.EventStream);
    outcomes.push({ answer });
  } catch (error) {
    const { name, message, $fault: fault, $metadata: metadata } = error;
    outcomes.push({ error: { name, message, fault, status: metadata?.httpStatusCode } });
  }
}

const printed = { outcomes, preflights: page?.preflights ?? 0 };
console.log(
  JSON.stringify(printed, (_key, value) =>
    value instanceof Uint8Array ? { $base64: Buffer.from(value).toString("base64") } : value,
  ),
);

async function listed(stream) {
  const events = [];
  for await (const event of stream) events.push(event);
  return events;
}
