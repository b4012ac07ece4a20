package ingle.runtime.log;

import com.amazonaws.services.lambda.runtime.LambdaLogger;
import com.amazonaws.services.lambda.runtime.LambdaRuntime;
import com.amazonaws.services.lambda.runtime.logging.LogFormat;
import com.amazonaws.services.lambda.runtime.logging.LogLevel;
import ingle.runtime.json.JsonWriter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.reflect.Field;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** The logger that functions get; each call is one event. */
public final class FunctionLogger implements LambdaLogger {
    private final LogPipe pipe;
    private LogFormat format = LogFormat.TEXT;
    private LogLevel least = LogLevel.UNDEFINED;
    private volatile String requestId;
    private volatile String tenantId;

    /** Write text to this pipe, until told otherwise. */
    public FunctionLogger(LogPipe pipe) {
        this.pipe = pipe;
    }

    /** Make this the logger that {@link LambdaRuntime} gives. */
    public void install() {
        try {
            Field logger = LambdaRuntime.class.getDeclaredField("logger");
            logger.setAccessible(true);
            logger.set(null, this);
        } catch (ReflectiveOperationException error) {
            throw new IllegalStateException(error);
        }
    }

    /** Write as the function is configured; null for what is not. */
    public void configure(String format, String level) {
        if (format != null) {
            this.format = LogFormat.fromString(format);
        }
        if (level != null) {
            this.least = LogLevel.fromString(level);
        }
    }

    /** Give events in JSON this request id and, where there is one, this tenant from now on. */
    public void serve(String requestId, String tenantId) {
        this.requestId = requestId;
        this.tenantId = tenantId;
    }

    /** Write the report of an error. */
    public void error(String report) {
        log(report, format == LogFormat.JSON ? LogLevel.ERROR : LogLevel.UNDEFINED);
    }

    @Override
    public void log(String message) {
        log(message, LogLevel.UNDEFINED);
    }

    @Override
    public void log(byte[] message) {
        log(message, LogLevel.UNDEFINED);
    }

    @Override
    public void log(String message, LogLevel level) {
        if (level == LogLevel.UNDEFINED || level.compareTo(least) >= 0) {
            write(format == LogFormat.JSON ? json(message, level) : text(message, level));
        }
    }

    @Override
    public void log(byte[] message, LogLevel level) {
        if (level == LogLevel.UNDEFINED || level.compareTo(least) >= 0) {
            write(message == null ? text(null, LogLevel.UNDEFINED) : message);
        }
    }

    private static byte[] text(String message, LogLevel level) {
        String prefix = level == LogLevel.UNDEFINED ? "" : "[" + level + "] ";
        return (prefix + message).getBytes(StandardCharsets.UTF_8);
    }

    private byte[] json(String message, LogLevel level) {
        JsonWriter out = new JsonWriter(256);
        out.write('{');
        out.name("timestamp");
        out.string(Timestamp.of(System.currentTimeMillis()));
        if (message != null) {
            out.name("message");
            out.string(message);
        }
        out.name("level");
        out.string(level.name());
        if (requestId != null) {
            out.name("AWSRequestId");
            out.string(requestId);
        }
        if (tenantId != null) {
            out.name("tenantId");
            out.string(tenantId);
        }
        out.write('}');
        out.write('\n');
        return Arrays.copyOf(out.bytes(), out.size());
    }

    private void write(byte[] message) {
        try {
            pipe.event(message);
        } catch (IOException error) {
            throw new UncheckedIOException(error);
        }
    }
}
