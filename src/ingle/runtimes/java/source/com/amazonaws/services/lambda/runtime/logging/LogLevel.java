package com.amazonaws.services.lambda.runtime.logging;

import java.util.Locale;

/** How much a log event matters; UNDEFINED is one whose writer did not say, and always logged. */
public enum LogLevel {
    UNDEFINED,
    TRACE,
    DEBUG,
    INFO,
    WARN,
    ERROR,
    FATAL;

    /**
     * Return the level of this name, in whatever case.
     *
     * @throws IllegalArgumentException if there is none
     */
    public static LogLevel fromString(String logLevel) {
        for (LogLevel each : values()) {
            if (logLevel != null && each.name().equals(logLevel.toUpperCase(Locale.ROOT))) {
                return each;
            }
        }
        throw new IllegalArgumentException(
                "Invalid log level: '" + logLevel + "' expected one of [TRACE, DEBUG, INFO, WARN, ERROR, FATAL]");
    }
}
