'use strict';

/**
 * Where `require` and `import` find what is not in the function's package: in layers, then among
 * the AWS SDKs.
 *
 * Source: https://docs.aws.amazon.com/lambda/latest/dg/nodejs-layers.html
 */

const fs = require('fs');
const Module = require('module');
const path = require('path');
const { pathToFileURL } = require('url');
const { atOnce } = require('./fallback.cjs');
const { MAJOR } = require('./node.cjs');

const LAYERS = '/opt/nodejs';

/** Have modules looked for in the folders of `NODE_PATH`, AWS's where the function sets none. */
function searchLayers(environment) {
  const { env } = process;
  const task = environment.LAMBDA_TASK_ROOT;
  const runtime = environment.LAMBDA_RUNTIME_DIR || '/var/runtime';
  env.NODE_PATH =
    environment.NODE_PATH ||
    [
      `${LAYERS}/node${MAJOR}/node_modules`,
      `${LAYERS}/node_modules`,
      `${runtime}/node_modules`,
      runtime,
      task,
    ].join(':');
  Module._initPaths();
  importFrom(uncovered(env.NODE_PATH.split(':'), task));
}

/**
 * Return the folders in which `import` must be told to look.
 *
 * Without help, it looks only into the `node_modules` of the folders above the importing file; a
 * link there to a folder of `NODE_PATH` is what makes help unnecessary.
 */
function uncovered(folders, task) {
  const wanted = folders.filter(
    (folder) => path.basename(folder) === 'node_modules' && fs.existsSync(folder)
  );
  if (wanted.length === 0) return [];
  const covered = new Set();
  for (let above = task; ; above = path.dirname(above)) {
    try {
      covered.add(fs.realpathSync(path.join(above, 'node_modules')));
    } catch (error) {
      if (error.code !== 'ENOENT' && error.code !== 'ENOTDIR') throw error;
    }
    if (above === '/') break;
  }
  return wanted.filter((folder) => !covered.has(fs.realpathSync(folder)));
}

/** Have `import` look into these folders last, where Node.js can be told to (from 18.19 on). */
function importFrom(folders) {
  if (folders.length === 0) return;
  const parents = folders.map((folder) => pathToFileURL(path.join(folder, '../index.mjs')).href);
  if (Module.registerHooks) {
    Module.registerHooks({ resolve: atOnce(parents) });
  } else if (Module.register) {
    // These hooks run in a thread of their own, which costs about 30 ms and 10 MB.
    Module.register('./hooks.mjs', pathToFileURL(__filename), { data: parents });
  }
}

/** Keep compiled code where `NODE_COMPILE_CACHE` says, as Node.js does from 22.8 on. */
function keepCompiled({ NODE_COMPILE_CACHE: folder }) {
  if (folder && Module.enableCompileCache) Module.enableCompileCache(folder);
}

/** Write what was compiled, as Node.js does when it exits, which in a sandbox it seldom does. */
function saveCompiled() {
  if (Module.flushCompileCache) Module.flushCompileCache();
}

module.exports = { keepCompiled, saveCompiled, searchLayers };
