'use strict';

/**
 * `console`, whose calls are log events of AWS's format.
 *
 * Text: time, request id, level and message, between tabs. JSON: one object an event. Source:
 * https://docs.aws.amazon.com/lambda/latest/dg/nodejs-logging.html
 */

const { format } = require('util');
const { logText, toError } = require('./errors.cjs');
const output = require('./output.cjs');

const PRIORITIES = { TRACE: 1, DEBUG: 2, INFO: 3, WARN: 4, ERROR: 5, FATAL: 6 };
const METHODS = {
  trace: 'TRACE',
  debug: 'DEBUG',
  info: 'INFO',
  log: 'INFO',
  warn: 'WARN',
  error: 'ERROR',
  fatal: 'FATAL',
};
/** Where AWS's runtime keeps the id, and where logging libraries look for it. */
const REQUEST_ID = Symbol.for('aws.lambda.runtime.requestId');
const TENANT_ID = Symbol.for('aws.lambda.runtime.tenantId');

function drop() {}

function textMessage(level, values) {
  return `${new Date().toISOString()}\t${global[REQUEST_ID]}\t${level}\t${format(...values)}`;
}

function jsonMessage(level, values) {
  const event = {
    timestamp: new Date().toISOString(),
    level,
    requestId: global[REQUEST_ID],
  };
  if (global[TENANT_ID] !== undefined) event.tenantId = global[TENANT_ID];
  if (values.length === 1) {
    event.message = values[0];
    try {
      return JSON.stringify(event, (_, value) => (value instanceof Error ? plain(value) : value));
    } catch (_) {
      event.message = format(values[0]);
      return JSON.stringify(event);
    }
  }
  event.message = format(...values);
  const error = values.find((value) => value instanceof Error);
  if (error !== undefined) {
    const { errorType, errorMessage, stackTrace } = plain(error);
    Object.assign(event, { errorType, errorMessage, stackTrace });
  }
  return JSON.stringify(event);
}

function plain(error) {
  const kind = error.constructor;
  return Object.assign(
    {
      errorType: (kind && kind.name) || 'UnknownError',
      errorMessage: error.message,
      stackTrace: typeof error.stack === 'string' ? error.stack.split('\n') : error.stack,
    },
    error
  );
}

let logsJson = false;

/** Replace the methods of `console`, as `AWS_LAMBDA_LOG_FORMAT` and `AWS_LAMBDA_LOG_LEVEL` ask. */
function patch(environment) {
  logsJson = (environment.AWS_LAMBDA_LOG_FORMAT || '').toUpperCase() === 'JSON';
  const least = PRIORITIES[(environment.AWS_LAMBDA_LOG_LEVEL || '').toUpperCase()] || 1;
  const write = logsJson ? jsonMessage : textMessage;
  for (const [method, level] of Object.entries(METHODS)) {
    console[method] =
      PRIORITIES[level] < least
        ? drop
        : (message, ...values) => output.writeEvent(write(level, [message, ...values]));
  }
}

function setRequestId(id, tenantId) {
  global[REQUEST_ID] = id;
  global[TENANT_ID] = tenantId;
}

/** Log an error that the runtime answers with. */
function logError(what, error) {
  if (logsJson) console.error(toError(error));
  else console.error(what, logText(error));
}

module.exports = { patch, setRequestId, logError };
