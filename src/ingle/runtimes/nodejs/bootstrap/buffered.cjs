'use strict';

/** Calling a handler that answers with a value. */

const { fillContext } = require('./context.cjs');
const { onDrained } = require('./drained.cjs');
const { NodeJsExit } = require('./errors.cjs');

const isThenable = (value) => Boolean(value) && typeof value.then === 'function';
const isMissing = (value) => value === undefined || value === null;

/** Call a handler as AWS's runtimes up to Node.js 22 do. */
function callWithCallback(handler, invoke, invocation) {
  const { context, callback } = makeCallbacks(invocation);
  onDrained(() => {
    if (invocation.rules.unsettledIsError && handler.constructor.name === 'AsyncFunction') {
      invocation.fail(new NodeJsExit());
    } else {
      invocation.succeed(null);
    }
  });
  try {
    const event = JSON.parse(invoke.event);
    const result = handler(event, fillContext(context, invoke), callback);
    if (isThenable(result)) result.then(context.succeed, context.fail).catch(context.fail);
  } catch (error) {
    callback(error);
  }
}

function makeCallbacks(invocation) {
  let waitsForEmptyEventLoop = true;
  let finished = false;
  // A call that throws, because its value cannot be JSON, does not count.
  const once = (call) => (...values) => {
    if (finished) return;
    call(...values);
    finished = true;
  };
  const succeed = (value) => {
    if (invocation.answered) {
      console.error(
        'Invocation has already been reported as done. Cannot call complete more than once per ' +
          'invocation.'
      );
    } else {
      invocation.succeed(value);
    }
  };
  const done = (error, value) => {
    onDrained(null);
    if (isMissing(error)) succeed(value);
    else invocation.fail(error);
  };
  const callback = (error, value) => {
    if (isMissing(error) && waitsForEmptyEventLoop) onDrained(() => succeed(value));
    else done(error, value);
  };
  const context = {
    get callbackWaitsForEmptyEventLoop() {
      return waitsForEmptyEventLoop;
    },
    set callbackWaitsForEmptyEventLoop(value) {
      waitsForEmptyEventLoop = value;
    },
    succeed: once((value) => done(null, value)),
    fail: once((error) => done(isMissing(error) ? 'handled' : error)),
    done: once(done),
  };
  return { context, callback: once(callback) };
}

/** Call a handler as AWS's runtimes from Node.js 24 on do. */
async function call(handler, invoke, invocation) {
  onDrained(() => invocation.fail(new NodeJsExit()));
  try {
    const context = fillContext({}, invoke);
    invocation.succeed(await handler(JSON.parse(invoke.event), context));
  } catch (error) {
    invocation.fail(error);
  }
}

module.exports = { call, callWithCallback, isThenable };
