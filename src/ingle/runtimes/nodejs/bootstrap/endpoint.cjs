'use strict';

/**
 * Have version 2 of AWS's SDK for JavaScript call what AWS_ENDPOINT_URL names, as version 3 and the
 * SDKs of other languages do by themselves.
 */

const Module = require('module');

/** What every part of the SDK loads first; its exports have the class of all configurations. */
const CORE = '/aws-sdk/lib/core.js';

function configure({ Config } = {}) {
  const { AWS_ENDPOINT_URL: endpoint } = process.env;
  const { keys } = (Config && Config.prototype) || {};
  // What a configuration has where the function says nothing: the SDK makes a new one later on.
  // Buckets go into the path, for a bucket's name before that of the host is seldom found.
  if (keys && endpoint) Object.assign(keys, { endpoint, s3ForcePathStyle: true });
}

/** Look out for the SDK, wherever it is loaded from. */
function tellOlderSdk() {
  const { prototype } = Module;
  const compile = prototype._compile;
  prototype._compile = function (content, filename, ...rest) {
    const result = compile.call(this, content, filename, ...rest);
    if (filename.endsWith(CORE)) configure(this.exports);
    return result;
  };
}

module.exports = { tellOlderSdk };
