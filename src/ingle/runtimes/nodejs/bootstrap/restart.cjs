'use strict';

/**
 * Starting anew with variables that Node.js reads only when it starts.
 *
 * This process came up before it was known whom it serves. Where the function's environment has
 * what it should have been started with, a second one is started with it and gets the channel, and
 * this one only waits for it to end. That costs the time that Node.js takes to start (about 50 ms)
 * and the memory of the waiting process; a server that starts the first process with these
 * variables avoids both.
 */

const { spawnSync } = require('child_process');
const { IMPORT_USES_THREADS } = require('./node.cjs');
const { applyOptions } = require('./options.cjs');

const MARK = '_INGLE_STARTED_ANEW';
const WRAPPER = 'AWS_LAMBDA_EXEC_WRAPPER';
const NOT_FOUND = 127;
const NOT_EXECUTABLE = 126;

/** What Node.js, its libraries or the dynamic linker read at the start only. */
const READ_AT_START = [
  'LANG',
  'LC_ALL',
  'LC_MESSAGES',
  'LD_LIBRARY_PATH',
  'LD_PRELOAD',
  'NODE_DEBUG',
  'NODE_DEBUG_NATIVE',
  'NODE_EXTRA_CA_CERTS',
  'NODE_ICU_DATA',
  'NODE_NO_WARNINGS',
  'NODE_OPTIONS',
  'NODE_PENDING_DEPRECATION',
  'NODE_PRESERVE_SYMLINKS',
  'NODE_REDIRECT_WARNINGS',
  'NODE_USE_ENV_PROXY',
  'NODE_USE_SYSTEM_CA',
  'NODE_V8_COVERAGE',
  'OPENSSL_CONF',
  'SSL_CERT_DIR',
  'SSL_CERT_FILE',
  WRAPPER,
];
if (IMPORT_USES_THREADS) READ_AT_START.push('UV_THREADPOOL_SIZE'); // the rehearsal started them

const HEAP_SIZE = /^--(initial[-_]old|max[-_]old|max[-_]semi)[-_]space[-_]size/;
/** Flags that AWS gives Node.js, and the option that takes each back. */
const TAKEN_BACK = {
  '--no-experimental-require-module': '--experimental-require-module',
  '--no-experimental-detect-module': '--experimental-detect-module',
};

/** Whether a function's environment needs a start of its own; applies what does not. */
function needsRestart(environment) {
  const changed = READ_AT_START.filter(
    (name) => environment[name] !== undefined && environment[name] !== process.env[name]
  );
  if (changed.length !== 1 || changed[0] !== 'NODE_OPTIONS') return changed.length > 0;
  return !applyOptions(environment.NODE_OPTIONS);
}

/** Start anew with an environment, wait for the end, and end in the same way. */
function restart(environment, channelFd) {
  const command = [process.execPath, ...flagsFor(environment), process.argv[1]];
  if (environment[WRAPPER]) command.unshift(environment[WRAPPER]);
  const { status, signal, error } = spawnSync(command[0], command.slice(1), {
    cwd: environment.LAMBDA_TASK_ROOT,
    env: Object.assign({}, process.env, environment, { [MARK]: '1' }),
    stdio: ['inherit', 'inherit', 'inherit', channelFd],
  });
  if (error) {
    process.stderr.write(`${command[0]}: ${error.message}\n`);
    process.exit(error.code === 'ENOENT' ? NOT_FOUND : NOT_EXECUTABLE);
  }
  if (signal) process.kill(process.pid, signal);
  process.exit(status);
}

/** The flags that this process has, but with the heap that AWS gives a function of its memory. */
function flagsFor({ NODE_OPTIONS = '', AWS_LAMBDA_FUNCTION_MEMORY_SIZE: memory }) {
  const options = NODE_OPTIONS.split(/\s+/);
  const flags = process.execArgv.filter(
    (flag) => !HEAP_SIZE.test(flag) && !options.includes(TAKEN_BACK[flag])
  );
  if (!options.some((option) => HEAP_SIZE.test(option))) {
    flags.push(`--max-semi-space-size=${Math.floor(memory / 20)}`);
    flags.push(`--max-old-space-size=${memory - Math.floor(memory / 10)}`);
  }
  return flags;
}

/** Whether this is the second process, which has its environment already. */
function startedAnew() {
  const { env } = process;
  const marked = env[MARK] !== undefined;
  delete env[MARK];
  return marked;
}

module.exports = { needsRestart, restart, startedAnew };
