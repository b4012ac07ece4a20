'use strict';

/**
 * Compiling the AWS SDKs ahead, for compiled.cjs: `compiling.cjs SDK GROWTH FILE`, with the flags
 * that sandboxes have. Everything is loaded, and clients are made, so that the functions that take
 * part in this are compiled too.
 */

const fs = require('fs');
const Module = require('module');
const path = require('path');
const { LENGTH_SIZE, run } = require('./compiled.cjs');
const { setGrowth } = require('./environment.cjs');

const REGION = { region: 'us-east-1' };
/** Of version 2, which loads each client when it is first used. */
const CLIENTS = ['DynamoDB', 'Lambda', 'S3', 'SNS', 'SQS', 'SSM'];

/** Record how modules below a folder are compiled; returns their scripts by path. */
function record(folder) {
  const scripts = new Map();
  const { prototype } = Module;
  const compile = prototype._compile;
  prototype._compile = function (content, filename, ...rest) {
    // A script of one's own would need one's own idea of how to import.
    if (!filename.startsWith(folder) || /\bimport\s*\(/.test(content)) {
      return compile.call(this, content, filename, ...rest);
    }
    scripts.set(filename.slice(folder.length), run(this, content, filename));
    return undefined;
  };
  return scripts;
}

/** Load every package; returns the errors of those that this Node.js is too old for. */
function load(sdk) {
  const find = Module.createRequire(path.join(sdk, 'index.js'));
  const { dependencies } = JSON.parse(fs.readFileSync(path.join(sdk, 'package.json'), 'utf8'));
  const errors = [];
  for (const name of Object.keys(dependencies)) {
    try {
      makeClients(name, find(name));
    } catch (error) {
      errors.push(error);
    }
  }
  return errors;
}

function makeClients(name, exported) {
  let names = [];
  if (name === 'aws-sdk') names = CLIENTS;
  else if (name.startsWith('@aws-sdk/client-')) {
    names = Object.keys(exported).filter((each) => each.endsWith('Client'));
  }
  for (const each of names) new exported[each](REGION);
}

function write(file, scripts) {
  const index = {};
  const pieces = [];
  let end = 0;
  for (const [name, script] of scripts) {
    const code = script.createCachedData();
    index[name] = [end, code.length];
    end += code.length;
    pieces.push(code);
  }
  const text = Buffer.from(JSON.stringify(index));
  const length = Buffer.alloc(LENGTH_SIZE);
  length.writeUInt32LE(text.length, 0);
  fs.writeFileSync(file, Buffer.concat([length, text, ...pieces]));
}

const [sdk, growth, file] = process.argv.slice(2);
process.noDeprecation = true;
process.removeAllListeners('warning'); // those of the SDKs about this Node.js
setGrowth(growth);
const scripts = record(`${fs.realpathSync(sdk)}/`);
const errors = load(fs.realpathSync(sdk));
if (scripts.size === 0) {
  console.error(String(errors[0]));
  process.exit(1);
}
write(file, scripts);
process.exit(0);
