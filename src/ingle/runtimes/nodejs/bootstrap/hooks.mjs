/** Runs in the thread of a Node.js whose module hooks are asynchronous. */

import { later } from './fallback.cjs';

let lookup;

export function initialize(parents) {
  lookup = later(parents);
}

export function resolve(specifier, context, nextResolve) {
  return lookup(specifier, context, nextResolve);
}
