'use strict';

/**
 * The context object that a handler gets.
 *
 * Source: https://docs.aws.amazon.com/lambda/latest/dg/nodejs-context.html
 */

/** Add to `base` all that a handler may know of its invocation and of its function. */
function fillContext(base, invoke) {
  const { env } = process;
  const { deadline } = invoke;
  return Object.assign(base, {
    functionVersion: env.AWS_LAMBDA_FUNCTION_VERSION,
    functionName: env.AWS_LAMBDA_FUNCTION_NAME,
    memoryLimitInMB: env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    logGroupName: env.AWS_LAMBDA_LOG_GROUP_NAME,
    logStreamName: env.AWS_LAMBDA_LOG_STREAM_NAME,
    clientContext: parse(invoke.clientContext),
    identity: undefined,
    invokedFunctionArn: invoke.invokedArn,
    awsRequestId: invoke.requestId,
    tenantId: invoke.tenantId,
    getRemainingTimeInMillis: () => deadline - Date.now(),
  });
}

function parse(clientContext) {
  if (clientContext === '') return undefined;
  try {
    return JSON.parse(clientContext);
  } catch (error) {
    throw new Error(`Cannot parse ClientContext as json: ${error.toString()}`);
  }
}

module.exports = { fillContext };
