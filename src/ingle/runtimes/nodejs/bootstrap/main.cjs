'use strict';

/** How this process comes up: completely, before it is known whom it serves. */

const { listen } = require('./drained.cjs');
const { Channel } = require('./frames.cjs');
const output = require('./output.cjs');
const { rehearse } = require('./rehearsal.cjs');
const { startedAnew } = require('./restart.cjs');
const { Runtime } = require('./runtime.cjs');

/** The channel's descriptor. It is not 0, which children inherit as their standard input. */
const CHANNEL_FD = 3;

function start() {
  output.redirect();
  listen();
  const runtime = new Runtime(new Channel(CHANNEL_FD));
  if (startedAnew()) runtime.serve(process.env._HANDLER, process.env);
  else rehearse().then(() => runtime.start());
}

module.exports = { start };
