'use strict';

/**
 * Code of the AWS SDKs that Ingle compiled ahead, in a file beside them that no sandbox can write.
 *
 * What functions bring along is not kept compiled: compiled code is believed without a look at the
 * source, so that whoever can write it for others runs code in their sandboxes.
 *
 * The file holds the length of its index, the index (JSON: by a source file's path below the SDKs'
 * folder, where its code begins and how long it is), and the code.
 */

const fs = require('fs');
const Module = require('module');
const path = require('path');
const { Script } = require('vm');

/** Where the sandbox sees the folder that the SDKs are in, each release in one of its own. */
const SDKS = '/var/runtime/sdks/';
const LENGTH_SIZE = 4;

/** Return where the code for an SDK is; it depends on flags of V8, of which one is not fixed. */
const nameOf = (sdk, growth) => `${sdk}-${process.version}-${growth}.compiled`;

class Compiled {
  constructor(file) {
    this.fd = fs.openSync(file, 'r');
    const length = this.read(0, LENGTH_SIZE).readUInt32LE(0);
    this.index = JSON.parse(this.read(LENGTH_SIZE, length).toString('utf8'));
    this.start = LENGTH_SIZE + length;
  }

  read(position, length) {
    const buffer = Buffer.allocUnsafeSlow(length);
    fs.readSync(this.fd, buffer, 0, length, position);
    return buffer;
  }

  close() {
    fs.closeSync(this.fd);
  }

  find(name) {
    const entry = this.index[name];
    return entry && this.read(this.start + entry[0], entry[1]);
  }
}

/** As Node.js makes it for each module. */
function requireOf(module) {
  const require = (id) => module.require(id);
  require.resolve = (id, options) => Module._resolveFilename(id, module, false, options);
  require.resolve.paths = (id) => Module._resolveLookupPaths(id, module);
  require.main = process.mainModule;
  require.extensions = Module._extensions;
  require.cache = Module._cache;
  return require;
}

/** Run a CommonJS module; returns the script. */
function run(module, content, filename, cachedData) {
  const script = new Script(Module.wrap(content), {
    filename,
    cachedData,
    columnOffset: -Module.wrapper[0].length, // stack traces know nothing of the wrapper
  });
  const { exports } = module;
  script
    .runInThisContext()
    .call(exports, exports, requireOf(module), module, filename, path.dirname(filename));
  return script;
}

/** Have the modules of the SDKs run from compiled code where there is some. */
function useCompiled(growth) {
  const { prototype } = Module;
  const compile = prototype._compile;
  let compiled;
  const cachedData = (filename) => {
    const [release] = filename.slice(SDKS.length).split('/', 1);
    const sdk = SDKS + release;
    if (compiled === undefined) compiled = open(nameOf(sdk, growth));
    return compiled && compiled.find(filename.slice(sdk.length + 1));
  };
  prototype._compile = function (content, filename, ...rest) {
    const code = filename.startsWith(SDKS) ? cachedData(filename) : undefined;
    if (!code) return compile.call(this, content, filename, ...rest);
    // Started anew with other flags, Node.js refuses all of it.
    if (run(this, content, filename, code).cachedDataRejected && compiled) {
      compiled.close();
      compiled = null;
    }
    return undefined;
  };
}

function open(file) {
  try {
    return new Compiled(file);
  } catch (error) {
    if (error.code !== 'ENOENT') throw error;
    return null;
  }
}

module.exports = { LENGTH_SIZE, run, useCompiled };
