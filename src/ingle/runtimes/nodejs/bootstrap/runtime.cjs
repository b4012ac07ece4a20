'use strict';

/** The life of a runtime: load the handler, then serve invocations, one at a time. */

const { call, callWithCallback } = require('./buffered.cjs');
const { useCompiled } = require('./compiled.cjs');
const { logError, patch, setRequestId } = require('./console.cjs');
const { onDrained } = require('./drained.cjs');
const { tellOlderSdk } = require('./endpoint.cjs');
const { enter } = require('./environment.cjs');
const { describe, UnhandledPromiseRejection } = require('./errors.cjs');
const frames = require('./frames.cjs');
const { generation } = require('./generation.cjs');
const { loadHandler } = require('./handler.cjs');
const { Invocation } = require('./invocation.cjs');
const { keepCompiled, saveCompiled, searchLayers } = require('./modules.cjs');
const { needsRestart, restart } = require('./restart.cjs');
const { callStreaming } = require('./streamed.cjs');
const streaming = require('./streaming.cjs');

/** Kept, because functions may replace the global one for a while. */
const later = setImmediate;
const INIT_FAILED = 1;
/** Node.js's own status of an unsettled top-level await. */
const UNSETTLED = 13;
const REJECTED = 128;
const UNCAUGHT = 129;

class Runtime {
  constructor(channel) {
    this.channel = channel;
    this.handler = null;
    this.streams = false;
    this.rules = null;
    this.invocation = null;
    this.saved = false;
    this.next = this.next.bind(this);
    this.finish = () => later(this.next);
  }

  /** Wait for the function, then serve it. */
  start() {
    const { handler, environment } = JSON.parse(this.receive(frames.INIT).toString('utf8'));
    if (needsRestart(environment)) restart(environment, this.channel.fd);
    this.serve(handler, environment);
  }

  /** Load a handler, and serve its invocations until the server is gone. */
  serve(handler, environment) {
    this.watchForCrashes();
    this.prepare(environment);
    useCompiled(enter(environment));
    tellOlderSdk();
    searchLayers(environment);
    keepCompiled(environment);
    this.load(environment.LAMBDA_TASK_ROOT, handler).then(
      () => {
        this.channel.send(frames.READY, '', '');
        this.finish();
      },
      (error) => {
        logError(this.rules.loadingError, error);
        this.refuse(error);
      }
    );
  }

  prepare(environment) {
    this.rules = generation(environment);
    setRequestId(this.rules.noRequestId);
    patch(environment);
    streaming.install(environment);
  }

  async load(root, name) {
    onDrained(() => process.exit(UNSETTLED));
    this.handler = await loadHandler(root, name, this.rules);
    this.streams = streaming.streams(this.handler);
    onDrained(null);
  }

  /** Send the last answer, then serve the next invocation. */
  next() {
    if (this.flush() && !this.saved) {
      this.saved = true;
      saveCompiled();
    }
    this.invoke(frames.readInvoke(this.receive(frames.INVOKE)));
  }

  invoke(invoke) {
    const invocation = new Invocation(invoke.requestId, this.rules, this.finish);
    this.invocation = invocation;
    setRequestId(invoke.requestId, invoke.tenantId);
    if (invoke.traceId) process.env._X_AMZN_TRACE_ID = invoke.traceId;
    else delete process.env._X_AMZN_TRACE_ID;
    if (this.streams) callStreaming(this.handler, invoke, invocation, this.channel);
    else if (this.rules.callbacks) callWithCallback(this.handler, invoke, invocation);
    else call(this.handler, invoke, invocation);
  }

  receive(kind) {
    const frame = this.channel.receive();
    if (frame === null) process.exit(0);
    if (frame.kind !== kind) {
      throw new Error(`a frame of kind ${kind} was expected, not ${frame.kind}`);
    }
    return frame.body;
  }

  /** Send the answer that there is, if any; return whether there was one. */
  flush() {
    const { invocation } = this;
    if (invocation === null || !invocation.answered) return false;
    this.invocation = null;
    this.channel.send(invocation.kind, invocation.requestId, invocation.text);
    return true;
  }

  /** Say that the handler cannot be loaded, and end. */
  refuse(error) {
    this.channel.send(frames.INIT_ERROR, '', JSON.stringify(describe(error)));
    process.exit(INIT_FAILED);
  }

  watchForCrashes() {
    process.on('uncaughtException', (error) => {
      logError('Uncaught Exception', error);
      this.crash(error, UNCAUGHT);
    });
    process.on('unhandledRejection', (reason, promise) => {
      const error = new UnhandledPromiseRejection(reason, promise);
      logError('Unhandled Promise Rejection', error);
      this.crash(error, REJECTED);
    });
    // The last that runs in a process that exits: an answer that was given still counts, and the
    // end of the channel follows it at once, so that the server gives this process no more work.
    const { reallyExit } = process;
    process.reallyExit = (status) => {
      if (this.flush()) this.channel.close();
      reallyExit.call(process, status);
    };
  }

  /** Answer with an error that nobody caught, and end. */
  crash(error, status) {
    if (this.handler === null) this.refuse(error);
    const { invocation } = this;
    // Up to Node.js 22, an answer that was given before stands.
    if (invocation !== null && !(invocation.answered && this.rules.callbacks)) {
      invocation.crash(error);
    }
    this.channel.whenIdle(() => process.exit(status));
  }
}

module.exports = { Runtime };
