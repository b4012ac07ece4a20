package com.amazonaws.services.lambda.runtime;

/** What the appender for Log4j tells the runtime. */
public final class LambdaRuntimeInternal {
    private static boolean useLog4jAppender;

    private LambdaRuntimeInternal() {}

    /** Say whether the appender for Log4j is in use. */
    public static void setUseLog4jAppender(boolean useLog4j) {
        useLog4jAppender = useLog4j;
    }

    /** Whether the appender for Log4j is in use. */
    public static boolean getUseLog4jAppender() {
        return useLog4jAppender;
    }
}
