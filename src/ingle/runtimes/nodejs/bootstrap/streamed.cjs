'use strict';

/** Calling a handler that streams its response. */

const { isThenable } = require('./buffered.cjs');
const { fillContext } = require('./context.cjs');
const { onDrained } = require('./drained.cjs');
const { NodeJsExit } = require('./errors.cjs');
const { ResponseStream, highWaterMark } = require('./streaming.cjs');

const NOT_ASYNC = 'Streaming does not support non-async handlers.';
const NOT_FINISHED = 'Response stream is not finished.';

/** Call a streaming handler. */
async function callStreaming(handler, invoke, invocation, channel) {
  const stream = new ResponseStream(channel, invocation.requestId, highWaterMark(handler));
  const closed = new Promise((resolve) => stream.once('close', resolve));
  const context = invocation.rules.callbacks ? { callbackWaitsForEmptyEventLoop: true } : {};
  onDrained(() => invocation.fail(new NodeJsExit()));
  try {
    const event = JSON.parse(invoke.event);
    const returned = handler(event, stream, fillContext(context, invoke));
    if (!isThenable(returned)) throw invocation.rules.callbacks ? NOT_ASYNC : new Error(NOT_ASYNC);
    const value = await returned;
    if (value !== undefined) console.warn('Streaming handlers ignore return values.');
    onDrained(() => invocation.fail(NOT_FINISHED));
    await closed;
    if (!stream.writableFinished) throw new Error(NOT_FINISHED);
    end(invocation, context);
  } catch (error) {
    stream.destroy();
    channel.whenIdle(() => invocation.fail(error));
  }
}

function end(invocation, { callbackWaitsForEmptyEventLoop }) {
  if (callbackWaitsForEmptyEventLoop) onDrained(() => invocation.endStream());
  else invocation.endStream();
}

module.exports = { callStreaming };
