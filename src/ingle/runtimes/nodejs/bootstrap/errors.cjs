'use strict';

/**
 * Errors of the runtime itself, and how any error is answered and logged.
 *
 * Names, messages and shapes are those of AWS's own runtime:
 * https://docs.aws.amazon.com/lambda/latest/dg/nodejs-exceptions.html
 */

const { types } = require('util');

class ImportModuleError extends Error {}
class HandlerNotFound extends Error {}
class MalformedHandlerName extends Error {}
class UserCodeSyntaxError extends Error {}
class MalformedStreamingHandler extends Error {}
class InvalidStreamingOperation extends Error {}
class JSONStringifyError extends Error {}
class CallbackHandlerDeprecated extends Error {}
class NodeJsExit extends Error {
  constructor() {
    super(
      'The Lambda runtime client detected an unexpected Node.js exit code. This is most commonly ' +
        'caused by a Promise that was never settled. For more information, see ' +
        'https://nodejs.org/docs/latest/api/process.html#exit-codes'
    );
  }
}
class UnhandledPromiseRejection extends Error {
  constructor(reason, promise) {
    super(reason);
    this.reason = reason;
    this.promise = promise;
  }
}

const own = {
  ImportModuleError,
  HandlerNotFound,
  MalformedHandlerName,
  UserCodeSyntaxError,
  MalformedStreamingHandler,
  InvalidStreamingOperation,
  JSONStringifyError,
  CallbackHandlerDeprecated,
  NodeJsExit,
  UnhandledPromiseRejection,
};
for (const [name, kind] of Object.entries(own)) {
  Object.defineProperty(kind.prototype, 'name', { value: `Runtime.${name}` });
}

const isText = (value) => typeof value === 'string' && value !== '';

/** Whether a value is an error, also one of another realm or a look-alike. */
function isError(value) {
  return (
    types.isNativeError(value) ||
    Boolean(value && isText(value.name) && isText(value.message) && isText(value.stack))
  );
}

const escapeDelete = (text) => (typeof text === 'string' ? text.replace(/\x7F/g, '%7F') : text);

/** Return what the caller gets of an error. */
function describe(error) {
  try {
    if (!isError(error)) {
      return { errorType: typeof error, errorMessage: error.toString(), trace: [] };
    }
    return {
      errorType: escapeDelete(error.name),
      errorMessage: escapeDelete(error.message),
      trace: escapeDelete(error.stack).split('\n'),
    };
  } catch (_) {
    return {
      errorType: 'handled',
      errorMessage:
        'callback called with Error argument, but there was a problem while retrieving one or ' +
        'more of its message, name, and stack',
    };
  }
}

function toError(value) {
  return value instanceof Error ? value : new Error(value);
}

function withHiddenMembers(value) {
  if (!(value instanceof Error)) return value;
  const shown = Object.assign(
    { errorType: value.name, errorMessage: value.message, code: value.code },
    value
  );
  if (typeof value.stack === 'string') shown.stack = value.stack.split('\n');
  return shown;
}

/** Return an error as JSON for a line of text, with all that it carries. */
function logText(error) {
  const value = toError(error);
  try {
    return `\t${JSON.stringify(value, (_, member) => withHiddenMembers(member))}`;
  } catch (_) {
    return `\t${JSON.stringify(describe(value))}`;
  }
}

module.exports = Object.assign({ describe, logText, toError }, own);
