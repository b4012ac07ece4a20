'use strict';

/** Becoming the function's own process: its variables, its folder, its memory. */

const v8 = require('v8');

/** Megabytes up to which a function has little memory. */
const LITTLE = 512;
/** How far the heap may grow, in percent of what lives, before garbage is looked for again. */
const GROWTH_OF_LITTLE = 50;
const GROWTH = 100;

/** Take over a function's environment; returns the growth of its heap. */
function enter(environment) {
  Object.assign(process.env, environment);
  process.chdir(environment.LAMBDA_TASK_ROOT);
  // The size of the heap was fixed at the start, above every function's; how eagerly garbage is
  // collected was not.
  const memory = Number(environment.AWS_LAMBDA_FUNCTION_MEMORY_SIZE);
  const growth = memory <= LITTLE ? GROWTH_OF_LITTLE : GROWTH;
  setGrowth(growth);
  return growth;
}

function setGrowth(percent) {
  v8.setFlagsFromString(`--heap-growing-percent=${percent}`);
}

module.exports = { enter, setGrowth };
