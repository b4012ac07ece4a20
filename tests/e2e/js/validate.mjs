// Has AWS's validator for JavaScript (sns-validator) say which of the messages on standard input
// are what Amazon SNS has signed; prints a list of null or what is wrong with each.
// The validator takes certificates over HTTPS only, so a proxy in front of the server serves them.
import https from "node:https";
import { text } from "node:stream/consumers";

import MessageValidator from "sns-validator";

const { messages, key, certificate } = JSON.parse(await text(process.stdin));
const origin = new URL(messages[0].SigningCertURL ?? messages[0].SigningCertUrl).origin;

const proxy = https.createServer({ key, cert: certificate }, async (request, response) => {
  const found = await fetch(origin + request.url);
  response.writeHead(found.status).end(await found.text());
});
await new Promise((resolve) => proxy.listen(0, "localhost", resolve));
const host = `localhost:${proxy.address().port}`;
const validator = new MessageValidator(new RegExp(`^${host}$`));

const verdicts = [];
for (const message of messages) {
  for (const name of ["SigningCertURL", "SigningCertUrl"]) {
    if (name in message) message[name] = message[name].replace(origin, `https://${host}`);
  }
  verdicts.push(
    await new Promise((resolve) => validator.validate(message, (error) => resolve(error?.message ?? null))),
  );
}
console.log(JSON.stringify(verdicts));
proxy.close();
proxy.closeAllConnections();
