'use strict';

/**
 * Length-prefixed frames between the server and this runtime.
 *
 * A frame is a little-endian header (the length of the body in four bytes, the kind in one) and the
 * body. `runtimes/python/frames.py` describes the kinds.
 */

const fs = require('fs');
const { writeFully } = require('./writing.cjs');

const INIT = 1;
const INVOKE = 2;
const READY = 3;
const INIT_ERROR = 4;
const RESULT = 5;
const FAULT = 6;
const CHUNK = 8;
const PRELUDE = 9;

const HEADER_SIZE = 5;
const IDENTITY_SIZE = 36;
const INVOKE_HEAD_SIZE = IDENTITY_SIZE + 8 + 2 + 2 + 4 + 2;
const BUFFER_SIZE = 65536;

/** The runtime's end of the socket to the server. Reading blocks, and with it the event loop. */
class Channel {
  constructor(fd) {
    this.fd = fd;
    this.incoming = Buffer.allocUnsafeSlow(BUFFER_SIZE);
    this.start = 0;
    this.end = 0;
    this.outgoing = Buffer.allocUnsafeSlow(BUFFER_SIZE);
    this.writing = false;
    this.waiting = null;
  }

  /**
   * Return the next frame as `{kind, body}`, or null when the server is gone.
   *
   * The body is only valid until the next call.
   */
  receive() {
    if (!this.fill(HEADER_SIZE)) return null;
    const length = this.incoming.readUInt32LE(this.start);
    const kind = this.incoming[this.start + 4];
    const body =
      HEADER_SIZE + length <= BUFFER_SIZE ? this.takeSmall(length) : this.takeLarge(length);
    return body && { kind, body };
  }

  takeSmall(length) {
    if (!this.fill(HEADER_SIZE + length)) return null;
    const start = this.start + HEADER_SIZE;
    this.start = start + length;
    return this.incoming.slice(start, this.start);
  }

  takeLarge(length) {
    const body = Buffer.allocUnsafeSlow(length);
    let have = this.incoming.copy(body, 0, this.start + HEADER_SIZE, this.end);
    this.start = this.end = 0;
    while (have < length) {
      const count = this.read(body, have, length - have);
      if (count === 0) return null;
      have += count;
    }
    return body;
  }

  /** Have at least so many bytes in the buffer; false when the server is gone. */
  fill(wanted) {
    if (this.end - this.start >= wanted) return true;
    if (this.start + wanted > BUFFER_SIZE || this.start === this.end) {
      this.incoming.copy(this.incoming, 0, this.start, this.end);
      this.end -= this.start;
      this.start = 0;
    }
    while (this.end - this.start < wanted) {
      const count = this.read(this.incoming, this.end, BUFFER_SIZE - this.end);
      if (count === 0) return false;
      this.end += count;
    }
    return true;
  }

  read(buffer, offset, length) {
    for (;;) {
      try {
        return fs.readSync(this.fd, buffer, offset, length, null);
      } catch (error) {
        if (error.code === 'ECONNRESET') return 0;
        if (error.code !== 'EINTR') throw error;
      }
    }
  }

  /** Send one frame: `identity` (ascii, may be empty), then `text`. */
  send(kind, identity, text) {
    const start = HEADER_SIZE + identity.length;
    const fits = start + text.length * 3 <= BUFFER_SIZE;
    const buffer = fits ? this.outgoing : Buffer.allocUnsafe(start + Buffer.byteLength(text));
    const end = start + buffer.write(text, start);
    this.head(buffer, kind, identity, end);
    this.write(buffer, end);
  }

  head(buffer, kind, identity, end) {
    buffer.writeUInt32LE(end - HEADER_SIZE, 0);
    buffer[4] = kind;
    buffer.write(identity, HEADER_SIZE, 'latin1');
  }

  write(buffer, end) {
    writeFully(this.fd, buffer, 0, end);
  }

  /**
   * Send one frame of bytes without blocking the event loop; nothing else may be sent until
   * `callback(error)`.
   */
  sendBytes(kind, identity, bytes, callback) {
    const start = HEADER_SIZE + identity.length;
    const buffer = Buffer.allocUnsafe(start + bytes.length);
    this.head(buffer, kind, identity, buffer.length);
    bytes.copy(buffer, start);
    this.writing = true;
    let position = 0;
    const wrote = (error, count) => {
      if (!error) {
        position += count;
        if (position < buffer.length) {
          fs.write(this.fd, buffer, position, buffer.length - position, null, wrote);
          return;
        }
      }
      this.writing = false;
      callback(error);
      this.wake();
    };
    fs.write(this.fd, buffer, 0, buffer.length, null, wrote);
  }

  /** Call back as soon as no `sendBytes` is under way, at once if none is. */
  whenIdle(callback) {
    if (this.writing) this.waiting = callback;
    else callback();
  }

  wake() {
    const { waiting } = this;
    if (waiting === null || this.writing) return;
    this.waiting = null;
    waiting();
  }

  close() {
    fs.closeSync(this.fd);
  }
}

/** Take an INVOKE frame's body apart; the event stays JSON text. */
function readInvoke(body) {
  const arnEnd = INVOKE_HEAD_SIZE + body.readUInt16LE(44);
  const traceEnd = arnEnd + body.readUInt16LE(46);
  const contextEnd = traceEnd + body.readUInt32LE(48);
  const tenantEnd = contextEnd + body.readUInt16LE(52);
  return {
    requestId: body.toString('latin1', 0, IDENTITY_SIZE),
    deadline: body.readUInt32LE(36) + body.readUInt32LE(40) * 0x100000000,
    invokedArn: body.toString('utf8', INVOKE_HEAD_SIZE, arnEnd),
    traceId: body.toString('utf8', arnEnd, traceEnd),
    clientContext: body.toString('utf8', traceEnd, contextEnd),
    tenantId: body.toString('latin1', contextEnd, tenantEnd) || undefined,
    event: body.toString('utf8', tenantEnd),
  };
}

module.exports = {
  Channel,
  readInvoke,
  INVOKE_HEAD_SIZE,
  INIT,
  INVOKE,
  READY,
  INIT_ERROR,
  RESULT,
  FAULT,
  CHUNK,
  PRELUDE,
};
