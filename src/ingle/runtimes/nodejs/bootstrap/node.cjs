'use strict';

/** What there is to know of the Node.js that runs this. */

const MAJOR = Number(process.versions.node.split('.')[0]);
/** Importing an ES module reads it in libuv's threads, and so starts them. */
const IMPORT_USES_THREADS = MAJOR < 22;

module.exports = { MAJOR, IMPORT_USES_THREADS };
