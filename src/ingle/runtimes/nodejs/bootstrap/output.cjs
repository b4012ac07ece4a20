'use strict';

/**
 * Standard output and standard error, which are one pipe to the server.
 *
 * A line is one log event. An event of several lines travels between the lines, in the frames of
 * AWS's own telemetry descriptor: type, length, microseconds since the epoch (big-endian), text.
 */

const { Writable } = require('stream');
const { writeFully } = require('./writing.cjs');

const FRAME_TYPE = 0xa55a0003;
const FRAME_SIZE = 16;
const EVENTS_FD = 2;
/**
 * Bytes; CloudWatch Logs takes 256 KB with 26 bytes of overhead an event.
 * https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutLogEvents.html
 */
const MAX_EVENT = 262118;
const NEWLINE = 10;

let midLine = false;
let muted = false;

function put(fd, bytes) {
  if (muted) return;
  if (bytes.length > 0) midLine = bytes[bytes.length - 1] !== NEWLINE;
  writeFully(fd, bytes, 0, bytes.length);
}

/** Write one log event, of any number of lines, without its line end. */
function writeEvent(text) {
  // A function that wrote half a line gets it as an event of its own.
  const before = midLine ? '\n' : '';
  if (!text.includes('\n')) {
    put(EVENTS_FD, Buffer.from(`${before}${text}\n`));
    return;
  }
  const bytes = Buffer.from(text);
  for (let start = 0; start < bytes.length; ) {
    const end = eventEnd(bytes, start);
    put(EVENTS_FD, frame(start === 0 ? before : '', bytes.slice(start, end)));
    start = end;
  }
  midLine = false;
}

/** Where a piece that is short enough ends: never within a character. */
function eventEnd(bytes, start) {
  let end = start + MAX_EVENT;
  if (end >= bytes.length) return bytes.length;
  while ((bytes[end] & 0xc0) === 0x80) end -= 1;
  return end;
}

function frame(before, text) {
  const head = Buffer.allocUnsafe(before.length + FRAME_SIZE);
  head.write(before, 0, 'latin1');
  head.writeUInt32BE(FRAME_TYPE, before.length);
  head.writeUInt32BE(text.length, before.length + 4);
  head.writeBigUInt64BE(BigInt(Date.now()) * 1000n, before.length + 8);
  return Buffer.concat([head, text]);
}

/** `process.stdout` or `process.stderr`: what is written to it is out when `write` returns. */
class OutputStream extends Writable {
  constructor(fd) {
    super({ decodeStrings: true });
    this.fd = fd;
    this._type = 'pipe';
    this._isStdio = true;
    this.destroySoon = this.destroy;
  }

  _write(chunk, encoding, callback) {
    try {
      put(this.fd, chunk);
    } catch (error) {
      callback(error);
      return;
    }
    callback();
  }

  // As Node's own: these two outlive every pipeline that ends in them.
  _destroy(error, callback) {
    callback(error);
    this._undestroy();
  }
}

/** Make `process.stdout` and `process.stderr` write in order, to pipes that stay blocking. */
function redirect() {
  for (const [name, fd] of [['stdout', 1], ['stderr', 2]]) {
    const stream = new OutputStream(fd);
    Object.defineProperty(process, name, {
      configurable: true,
      enumerable: true,
      get: () => stream,
    });
  }
}

/** Throw away what is written from now on, or no longer. */
function mute(value) {
  muted = value;
}

module.exports = { mute, redirect, writeEvent };
