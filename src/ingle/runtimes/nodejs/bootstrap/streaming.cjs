'use strict';

/**
 * Response streaming: the global `awslambda`, and the stream that a streaming handler writes to.
 *
 * Source: https://docs.aws.amazon.com/lambda/latest/dg/config-rs-write-functions.html
 */

const { Writable } = require('stream');
const { InvalidStreamingOperation, MalformedStreamingHandler } = require('./errors.cjs');
const { CHUNK, PRELUDE } = require('./frames.cjs');

const STREAMING = Symbol.for('aws.lambda.runtime.handler.streaming');
const HIGH_WATER_MARK = Symbol.for('aws.lambda.runtime.handler.streaming.highWaterMark');
const RESPONSE = 'response';
const CONTENT_TYPE = 'application/octet-stream';
const METADATA_CONTENT_TYPE = 'application/vnd.awslambda.http-integration-response';
const METADATA_DELIMITER = Buffer.alloc(8);
const MAX_CHUNK = 262144;

/** Where a streaming handler writes its response. */
class ResponseStream extends Writable {
  constructor(channel, requestId, highWaterMark) {
    super(Object.assign({ autoDestroy: true }, highWaterMark && { highWaterMark }));
    this._channel = channel;
    this._requestId = requestId;
    this._contentType = CONTENT_TYPE;
    this._started = false;
    this._onBeforeFirstWrite = undefined;
  }

  /** Set the response's content type, before anything is written. */
  setContentType(contentType) {
    if (this._started) throw new InvalidStreamingOperation('Cannot set content-type, too late.');
    this._contentType = contentType;
  }

  write(chunk, encoding, callback) {
    this._begin();
    return super.write(asBytes(chunk), encoding, callback);
  }

  end(chunk, encoding, callback) {
    if (typeof chunk === 'function') return this.end(undefined, undefined, chunk);
    if (typeof encoding === 'function') return this.end(chunk, undefined, encoding);
    this._begin();
    if (chunk !== undefined && chunk !== null) super.write(asBytes(chunk), encoding);
    return super.end(callback);
  }

  _begin() {
    if (this._started) return;
    this._started = true;
    if (typeof this._onBeforeFirstWrite === 'function') {
      this._onBeforeFirstWrite((bytes) => super.write(bytes));
    }
  }

  _write(chunk, encoding, callback) {
    this._send(chunk, 0, callback);
  }

  _writev(chunks, callback) {
    this._send(Buffer.concat(chunks.map((each) => each.chunk)), 0, callback);
  }

  _final(callback) {
    this._announce();
    callback();
  }

  _announce() {
    if (this._contentType === null) return;
    this._channel.send(PRELUDE, this._requestId, String(this._contentType));
    this._contentType = null;
  }

  _send(bytes, start, callback) {
    this._announce();
    const end = start + MAX_CHUNK;
    this._channel.sendBytes(CHUNK, this._requestId, bytes.slice(start, end), (error) => {
      if (error || end >= bytes.length || this.destroyed) callback(error);
      else this._send(bytes, end, callback);
    });
  }
}

/** What is neither text nor bytes is sent as JSON. */
function asBytes(chunk) {
  return typeof chunk === 'string' || chunk instanceof Uint8Array ? chunk : JSON.stringify(chunk);
}

/** Sends a response's status code, headers and cookies ahead of it. */
class HttpResponseStream {
  static from(underlyingStream, prelude) {
    underlyingStream.setContentType(METADATA_CONTENT_TYPE);
    underlyingStream._onBeforeFirstWrite = (write) => {
      write(JSON.stringify(prelude));
      write(METADATA_DELIMITER);
    };
    return underlyingStream;
  }
}

function streamifyResponse(handler, options) {
  handler[STREAMING] = RESPONSE;
  if (options && typeof options.highWaterMark === 'number') {
    handler[HIGH_WATER_MARK] = Math.trunc(options.highWaterMark);
  }
  return handler;
}

/** Make the global `awslambda`, unless the function's environment refuses it. */
function install(environment) {
  const refusal = environment.AWS_LAMBDA_NODEJS_NO_GLOBAL_AWSLAMBDA;
  if (refusal === '1' || refusal === 'true') return;
  global.awslambda = Object.assign({}, global.awslambda, { streamifyResponse, HttpResponseStream });
}

/** Whether a handler streams its response; throws MalformedStreamingHandler. */
function streams(handler) {
  const value = handler[STREAMING];
  if (value === undefined || value === null || value === false) return false;
  if (value === RESPONSE) return true;
  throw new MalformedStreamingHandler('Only response streaming is supported.');
}

/** How many bytes a streaming handler wants kept before `write` returns false, if it says. */
function highWaterMark(handler) {
  const value = parseInt(handler[HIGH_WATER_MARK], 10);
  return Number.isNaN(value) ? undefined : value;
}

module.exports = { ResponseStream, install, streams, highWaterMark };
