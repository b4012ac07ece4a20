'use strict';

/**
 * Doing once, while it costs nobody time, what loading a handler and serving an invocation do: what
 * is compiled and set up lazily is there afterwards.
 */

const path = require('path');
const { pathToFileURL } = require('url');
const frames = require('./frames.cjs');
const { IMPORT_USES_THREADS } = require('./node.cjs');
const output = require('./output.cjs');
const { Runtime } = require('./runtime.cjs');

/** Node.js's own modules that most functions need, directly or through the AWS SDK. */
const USUAL = [
  'buffer',
  'child_process',
  'crypto',
  'dns',
  'events',
  'fs',
  'http',
  'http2',
  'https',
  'os',
  'querystring',
  'stream',
  'url',
  'util',
  'zlib',
];
const FOLDER = path.join(__dirname, 'rehearsal');
/** Where importing a file starts no threads, what is imported here is none either: many functions
 * never need them. */
const MODULE = IMPORT_USES_THREADS
  ? pathToFileURL(path.join(FOLDER, 'module.mjs')).href
  : 'data:text/javascript,export default null';
const ROUNDS = 20;

class DeafChannel extends frames.Channel {
  write() {}
}

/** Rehearse; resolves when everything is as it was, only warm. */
async function rehearse() {
  USUAL.forEach(require);
  output.mute(true);
  const before = Object.assign({}, process.env);
  try {
    for (const runtimeName of ['nodejs22.x', 'nodejs24.x']) await act(runtimeName);
    await import(MODULE).catch(() => {}); // Node.js before 12.17 has no ES modules
  } finally {
    output.mute(false);
    for (const name of Object.keys(process.env)) if (!(name in before)) delete process.env[name];
    delete require.cache[path.join(FOLDER, 'common.cjs')];
    delete global.awslambda;
  }
}

async function act(runtimeName) {
  const runtime = new Runtime(new DeafChannel(-1));
  runtime.prepare({ AWS_EXECUTION_ENV: `AWS_Lambda_${runtimeName}` });
  await runtime.load(FOLDER, 'common.handler');
  for (let round = 0; round < ROUNDS; round += 1) {
    await new Promise((resolve) => {
      runtime.finish = () => setImmediate(resolve);
      runtime.invoke(frames.readInvoke(invokeFrame()));
    });
    runtime.flush();
  }
}

function invokeFrame() {
  const parts = ['arn:aws:lambda:us-east-1:000000000000:function:name', 'Root=1', '{"custom":{}}'];
  const head = Buffer.alloc(frames.INVOKE_HEAD_SIZE, '0');
  head.writeUInt16LE(parts[0].length, 44);
  head.writeUInt16LE(parts[1].length, 46);
  head.writeUInt32LE(parts[2].length, 48);
  head.writeUInt16LE(0, 52);
  return Buffer.concat([head, Buffer.from(`${parts.join('')}{"key":["value",1,1.5,null]}`)]);
}

module.exports = { rehearse };
