'use strict';

/**
 * Writing to descriptors, whole and in the caller's turn: what is written before something else
 * arrives before it.
 */

const fs = require('fs');

const RETRY_MS = 1;
let clock = null;

/** Wait without the event loop, until a full pipe may have room again. */
function pause() {
  if (clock === null) clock = new Int32Array(new SharedArrayBuffer(4));
  Atomics.wait(clock, 0, 0, RETRY_MS);
}

/**
 * Write bytes to a descriptor.
 *
 * A child process that shares a pipe may have made it non-blocking, so a full one is tried again.
 */
function writeFully(fd, buffer, start, end) {
  let position = start;
  while (position < end) {
    try {
      position += fs.writeSync(fd, buffer, position, end - position);
    } catch (error) {
      if (error.code === 'EAGAIN') pause();
      else if (error.code !== 'EINTR') throw error;
    }
  }
}

module.exports = { writeFully };
