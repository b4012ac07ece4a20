'use strict';

/** One invocation: at most one answer, which is sent when the event loop turns. */

const { logError } = require('./console.cjs');
const { describe, JSONStringifyError } = require('./errors.cjs');
const { RESULT, FAULT } = require('./frames.cjs');

/** Bytes of an answer; https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html */
const MAX_RESPONSE = 6291556;
const TOO_LARGE = JSON.stringify({
  errorType: 'Function.ResponseSizeTooLarge',
  errorMessage:
    'Response payload size exceeded maximum allowed payload size ' + `(${MAX_RESPONSE} bytes).`,
});

class Invocation {
  /**
   * @param {string} requestId
   * @param {object} rules what `generation` returns
   * @param {function} done called once, when there is an answer
   */
  constructor(requestId, rules, done) {
    this.requestId = requestId;
    this.answered = false;
    this.kind = 0;
    this.text = '';
    this.rules = rules;
    this.done = done;
  }

  /** Answer with a value; throws when it cannot be JSON. */
  succeed(value) {
    const text = this.serialise(value === undefined ? null : value);
    if (text.length * 3 > MAX_RESPONSE && Buffer.byteLength(text) > MAX_RESPONSE) {
      this.answer(FAULT, TOO_LARGE);
    } else {
      this.answer(RESULT, text);
    }
  }

  serialise(value) {
    try {
      const text = JSON.stringify(value);
      return text === undefined ? 'null' : text;
    } catch (_) {
      const Kind = this.rules.callbacks ? Error : JSONStringifyError;
      throw new Kind('Unable to stringify response body');
    }
  }

  /** Log an error and answer with it. */
  fail(error) {
    if (this.answered) return;
    logError('Invoke Error', error);
    this.answer(FAULT, JSON.stringify(describe(error)));
  }

  /** End a streamed response, whose bytes are sent. */
  endStream() {
    this.answer(RESULT, '');
  }

  /** Answer with an error that ends the process; it is logged already. */
  crash(error) {
    this.answered = true;
    this.kind = FAULT;
    this.text = JSON.stringify(describe(error));
  }

  answer(kind, text) {
    if (this.answered) return;
    this.answered = true;
    this.kind = kind;
    this.text = text;
    this.done(this);
  }
}

module.exports = { Invocation };
