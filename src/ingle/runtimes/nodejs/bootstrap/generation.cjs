'use strict';

/**
 * What differs between AWS's runtime names.
 *
 * Sources: https://docs.aws.amazon.com/lambda/latest/dg/nodejs-handler.html,
 * https://docs.aws.amazon.com/lambda/latest/dg/troubleshooting-invocation.html and the history of
 * https://github.com/aws/aws-lambda-nodejs-runtime-interface-client
 */

const { MAJOR } = require('./node.cjs');

/** Return the rules of the runtime that `AWS_EXECUTION_ENV` names, or of this Node.js's own. */
function generation(environment) {
  // The first one's name has no number.
  const named = /^AWS_Lambda_nodejs(\d*)/.exec(environment.AWS_EXECUTION_ENV || '');
  const major = named ? Number(named[1]) : MAJOR;
  return {
    /** Handlers may take a callback, and the context has `succeed`, `fail` and `done`. */
    callbacks: major < 24,
    /** An async handler whose promise can never settle is an error, not the answer `null`. */
    unsettledIsError: major >= 18,
    /** TypeScript handlers are loaded as they are. */
    typeScript: major >= 24,
    /** What log lines show as the request id while there is no invocation. */
    noRequestId: major < 24 ? undefined : '-',
    /** How the log calls an error while the handler is loaded. */
    loadingError: major < 24 ? 'Uncaught Exception' : 'Init Error',
  };
}

module.exports = { generation };
