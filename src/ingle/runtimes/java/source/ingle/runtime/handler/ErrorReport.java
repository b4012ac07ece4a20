package ingle.runtime.handler;

import ingle.runtime.json.JsonWriter;
import ingle.runtime.json.MappingException;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.Set;

/**
 * An error as the caller and the log get it.
 *
 * @see <a href="https://docs.aws.amazon.com/lambda/latest/dg/java-exceptions.html">AWS's page</a>
 */
public final class ErrorReport {
    private ErrorReport() {}

    /** Write the JSON for the caller. */
    public static void write(JsonWriter out, Throwable error) throws MappingException {
        if (error instanceof Fault) {
            out.open('{');
            head(out, error.getMessage(), ((Fault) error).type);
            out.close('}');
        } else {
            write(out, Traces.cut(error), Collections.newSetFromMap(new IdentityHashMap<>()));
        }
    }

    private static void write(JsonWriter out, Throwable error, Set<Throwable> seen) throws MappingException {
        seen.add(error);
        out.open('{');
        head(out, Traces.message(error), error.getClass().getName());
        out.name("stackTrace");
        out.open('[');
        for (StackTraceElement each : error.getStackTrace()) {
            out.string(each.toString());
        }
        out.close(']');
        if (error.getCause() != null && !seen.contains(error.getCause())) {
            out.name("cause");
            write(out, error.getCause(), seen);
        }
        out.close('}');
    }

    /** Write the JSON of an error that has neither stack nor cause. */
    public static void write(JsonWriter out, String message, String type) throws MappingException {
        out.open('{');
        head(out, message, type);
        out.close('}');
    }

    private static void head(JsonWriter out, String message, String type) {
        out.name("errorMessage");
        out.string(message);
        if (type != null) {
            out.name("errorType");
            out.string(type);
        }
    }

    /** Return the text for the log. */
    public static String text(Throwable error) {
        if (!(error instanceof Fault)) {
            return line(Traces.message(error), error.getClass().getName(), Traces.text(error));
        }
        Fault fault = (Fault) error;
        return fault.type == null ? fault.getMessage() + "\n" : line(fault.getMessage(), fault.type, fault.trace);
    }

    private static String line(String message, String type, String trace) {
        return message + ": " + type + "\n" + trace + "\n";
    }
}
