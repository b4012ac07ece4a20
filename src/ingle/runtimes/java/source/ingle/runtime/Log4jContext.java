package ingle.runtime;

import com.amazonaws.services.lambda.runtime.LambdaRuntimeInternal;

/** Tells Log4j the request id, where AWS's appender for it is in use. */
final class Log4jContext {
    private static final String[][] CLASSES = {
        {"org.apache.log4j.MDC", "java.lang.Object"},
        {"org.apache.logging.log4j.ThreadContext", "java.lang.String"},
    };

    private Log4jContext() {}

    static void put(String requestId, ClassLoader loader) {
        if (!LambdaRuntimeInternal.getUseLog4jAppender()) {
            return;
        }
        boolean found = false;
        for (String[] each : CLASSES) {
            try {
                Class<?> valueType = Class.forName(each[1]);
                Class.forName(each[0], true, loader)
                        .getMethod("put", String.class, valueType)
                        .invoke(null, "AWSRequestId", requestId);
                found = true;
            } catch (ReflectiveOperationException absent) {
                continue; // the other version is in use
            }
        }
        if (!found) {
            System.err.println("Customer using log4j appender but unable to load either org.apache.log4j.MDC or "
                    + "org.apache.logging.log4j.ThreadContext. Customer cannot see RequestId in log4j log lines.");
        }
    }
}
