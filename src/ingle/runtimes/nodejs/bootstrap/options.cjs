'use strict';

/** The options of `NODE_OPTIONS` that a Node.js that runs already can still take. */

const dns = require('dns');

/** By name; undefined where this Node.js is too old. */
const APPLY = {
  '--enable-source-maps':
    process.setSourceMapsEnabled && (() => process.setSourceMapsEnabled(true)),
  '--no-deprecation': () => {
    process.noDeprecation = true;
  },
  '--no-warnings': () => process.removeAllListeners('warning'),
  '--stack-trace-limit': (value) => {
    Error.stackTraceLimit = Number(value);
  },
  '--dns-result-order': dns.setDefaultResultOrder,
};

/** Apply all of these options and return true, or none and return false. */
function applyOptions(text) {
  const options = text
    .split(/\s+/)
    .filter(Boolean)
    .map((option) => option.split('='));
  if (!options.every(([name]) => APPLY[name])) return false;
  for (const [name, value] of options) APPLY[name](value);
  return true;
}

module.exports = { applyOptions };
