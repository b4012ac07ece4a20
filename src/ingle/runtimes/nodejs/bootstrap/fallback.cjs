'use strict';

/** Hooks that resolve a module's name from other folders when it is not found from its own. */

const isBare = (specifier) => !/^(\.{0,2}\/|\.{1,2}$|#|[a-z][a-z0-9+.-]+:)/i.test(specifier);

const mayBeElsewhere = (error, specifier) =>
  (error.code === 'ERR_MODULE_NOT_FOUND' || error.code === 'MODULE_NOT_FOUND') && isBare(specifier);

/** Yield the context as it is, then as if the import stood in each of these files. */
function* attempts(parents, context) {
  yield context;
  for (const parentURL of parents) yield Object.assign({}, context, { parentURL });
}

/** For `module.registerHooks`. */
function atOnce(parents) {
  return (specifier, context, nextResolve) => {
    let first;
    for (const attempt of attempts(parents, context)) {
      try {
        return nextResolve(specifier, attempt);
      } catch (error) {
        if (!mayBeElsewhere(error, specifier)) throw error;
        first = first || error;
      }
    }
    throw first;
  };
}

/** For `module.register`. */
function later(parents) {
  return async (specifier, context, nextResolve) => {
    let first;
    for (const attempt of attempts(parents, context)) {
      try {
        return await nextResolve(specifier, attempt);
      } catch (error) {
        if (!mayBeElsewhere(error, specifier)) throw error;
        first = first || error;
      }
    }
    throw first;
  };
}

module.exports = { atOnce, later };
