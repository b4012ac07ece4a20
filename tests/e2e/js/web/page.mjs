// What a static web page does with the AWS SDK for JavaScript, bundled for browsers. The test calls
// `makeCalls` in the page: with where the server is, the keys of a user, and calls, each {service,
// command, input}. It gives for each call {answer} or {error}; a payload as the text that it is.
import * as logs from "@aws-sdk/client-cloudwatch-logs";
import * as lambda from "@aws-sdk/client-lambda";

globalThis.makeCalls = async ({ endpoint, region, credentials, calls }) => {
  const settings = { endpoint, region, credentials, maxAttempts: 1 };
  const services = {
    lambda: { commands: lambda, client: new lambda.LambdaClient(settings) },
    logs: { commands: logs, client: new logs.CloudWatchLogsClient(settings) },
  };
  const outcomes = [];
  for (const { service, command, input } of calls) {
    const { commands, client } = services[service];
    try {
      const answer = await client.send(new commands[`${command}Command`](input));
      if (answer.Payload) answer.Payload = new TextDecoder().decode(answer.Payload);
      outcomes.push({ answer });
    } catch (error) {
      const { name, message, $metadata: metadata } = error;
      outcomes.push({ error: { name, message, status: metadata?.httpStatusCode ?? null } });
    }
  }
  return outcomes;
};
