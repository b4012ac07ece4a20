package com.amazonaws.services.lambda.runtime;

import com.amazonaws.services.lambda.runtime.logging.LogLevel;

/** Writes to the log of the function; each call is one event. */
public interface LambdaLogger {
    /** Log a text. */
    void log(String message);

    /** Log bytes as they are. */
    void log(byte[] message);

    /** Log a text of this level. */
    default void log(String message, LogLevel logLevel) {
        log(message);
    }

    /** Log bytes of this level as they are. */
    default void log(byte[] message, LogLevel logLevel) {
        log(message);
    }
}
