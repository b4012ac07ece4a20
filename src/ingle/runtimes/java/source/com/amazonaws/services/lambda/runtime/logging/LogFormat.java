package com.amazonaws.services.lambda.runtime.logging;

import java.util.Locale;

/** How the logger writes its events. */
public enum LogFormat {
    JSON,
    TEXT;

    /**
     * Return the format of this name, in whatever case.
     *
     * @throws IllegalArgumentException if there is none
     */
    public static LogFormat fromString(String logFormat) {
        for (LogFormat each : values()) {
            if (logFormat != null && each.name().equals(logFormat.toUpperCase(Locale.ROOT))) {
                return each;
            }
        }
        throw new IllegalArgumentException(
                "Invalid log format: '" + logFormat + "' expected one of [JSON, TEXT]");
    }
}
