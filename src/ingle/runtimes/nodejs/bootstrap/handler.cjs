'use strict';

/**
 * Finding the function's handler.
 *
 * Source: https://docs.aws.amazon.com/lambda/latest/dg/nodejs-handler.html
 */

const fs = require('fs');
const { createRequire } = require('module');
const path = require('path');
const { pathToFileURL } = require('url');
const errors = require('./errors.cjs');
const { streams } = require('./streaming.cjs');

// Who requires the handler, as stack traces name it.
const requireHandler = createRequire('/var/runtime/index.mjs');
const importHandler = (file) => import(pathToFileURL(file).href);

const CALLBACK_REMOVED =
  'ERROR: AWS Lambda has removed support for callback-based function handlers starting with ' +
  'Node.js 24. You need to modify this function to use a supported handler signature to use ' +
  'Node.js 24 or later. For more information see ' +
  'https://docs.aws.amazon.com/lambda/latest/dg/nodejs-handler.html.';

/**
 * Load a handler.
 *
 * Rejects with an error of the runtime, or with what the function's own code threw. Loading a
 * CommonJS module is done when this returns.
 *
 * @param {string} root the folder of the function's code
 * @param {string} name for instance `folder/file.object.method`
 * @param {object} rules what `generation` returns
 */
async function loadHandler(root, name, rules) {
  if (name.includes('..')) {
    throw new errors.MalformedHandlerName(
      `'${name}' is not a valid handler name. Use absolute paths when specifying root ` +
        'directories in handler names.'
    );
  }
  const base = path.basename(name);
  const folder = name.slice(0, name.indexOf(base));
  const match = /^([^.]*)\.(.*)$/.exec(base);
  if (match === null) throw new errors.MalformedHandlerName('Bad handler');
  const [, moduleName, member] = match;
  const loaded = loadModule(root, folder, moduleName, rules);
  const handler = findMember(loaded instanceof Promise ? await loaded : loaded, member, rules);
  if (!handler) throw new errors.HandlerNotFound(`${name} is undefined or not exported`);
  if (typeof handler !== 'function') {
    throw new errors.HandlerNotFound(`${name} is not a function`);
  }
  if (!streams(handler) && !rules.callbacks && handler.length >= 3) {
    throw new errors.CallbackHandlerDeprecated(CALLBACK_REMOVED);
  }
  return handler;
}

function loadModule(root, folder, name, rules) {
  try {
    const loaded = findModule(root, folder, name, rules);
    return loaded instanceof Promise ? loaded.catch(rethrow) : loaded;
  } catch (error) {
    return rethrow(error);
  }
}

function rethrow(error) {
  if (error instanceof SyntaxError) throw new errors.UserCodeSyntaxError(error);
  if (error && error.code === 'MODULE_NOT_FOUND') throw new errors.ImportModuleError(error);
  throw error;
}

/** Return a module's exports, or a promise of them. */
function findModule(root, folder, name, { typeScript }) {
  const file = path.resolve(root, folder, name);
  if (fs.existsSync(file)) return requireHandler(file);
  const isModule = inModulePackage(path.dirname(file));
  const candidates = [
    ['.js', isModule ? importHandler : requireOrImport],
    ['.mjs', importHandler],
    ['.cjs', requireHandler],
  ];
  if (typeScript) {
    candidates.push(
      ['.ts', isModule ? importHandler : requireOrImport],
      ['.mts', importHandler],
      ['.cts', requireHandler]
    );
  }
  for (const [extension, load] of candidates) {
    if (fs.existsSync(file + extension)) return load(file + extension);
  }
  return requireHandler(requireHandler.resolve(name, { paths: [root, folder] }));
}

/** Load what is CommonJS, or an ES module that does not say so, where Node.js tells by itself. */
function requireOrImport(file) {
  try {
    return requireHandler(file);
  } catch (error) {
    if (!error || error.code !== 'ERR_REQUIRE_ASYNC_MODULE') throw error;
    return importHandler(file);
  }
}

/** Whether the package.json that rules a folder says `"type": "module"`. */
function inModulePackage(folder) {
  if (folder.endsWith('/node_modules')) return false;
  const file = path.join(folder, 'package.json');
  let text;
  try {
    text = fs.readFileSync(file, 'utf8');
  } catch (error) {
    if (error.code !== 'ENOENT' && error.code !== 'ENOTDIR') return warnUnreadable(file, error);
    return folder !== '/' && inModulePackage(path.dirname(folder));
  }
  try {
    const described = JSON.parse(text);
    if (described) return described.type === 'module';
  } catch (error) {
    return warnUnreadable(file, error);
  }
  return folder !== '/' && inModulePackage(path.dirname(folder));
}

function warnUnreadable(file, error) {
  console.warn(
    `${file} cannot be read, it will be ignored for ES module detection purposes.`,
    error
  );
  return false;
}

function findMember(exports, name, { callbacks }) {
  const found = walk(exports, name);
  if (found || callbacks || !exports) return found;
  return walk(exports.default, name);
}

function walk(value, name) {
  return name.split('.').reduce((nested, key) => nested && nested[key], value);
}

module.exports = { loadHandler };
