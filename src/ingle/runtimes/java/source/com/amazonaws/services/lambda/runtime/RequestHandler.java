package com.amazonaws.services.lambda.runtime;

/**
 * A handler whose input and output are objects.
 *
 * @param <I> what the event's JSON becomes
 * @param <O> what becomes the answer's JSON
 */
public interface RequestHandler<I, O> {
    /** Handle one invocation. */
    O handleRequest(I input, Context context);
}
