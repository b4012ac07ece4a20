package ingle.runtime.handler;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.Arrays;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.Set;

/** Stacks of errors, without what is of the runtime. */
public final class Traces {
    private static final String OWN = "ingle.runtime.";

    private Traces() {}

    /** Cut the runtime's own calls off the stacks of an error and of all that it came from. */
    public static <T extends Throwable> T cut(T error) {
        cut(error, Collections.newSetFromMap(new IdentityHashMap<>()));
        return error;
    }

    private static void cut(Throwable error, Set<Throwable> seen) {
        if (error == null || !seen.add(error)) {
            return;
        }
        StackTraceElement[] stack = error.getStackTrace();
        for (int i = 0; i < stack.length; i++) {
            if (stack[i].getClassName().startsWith(OWN)) {
                error.setStackTrace(Arrays.copyOf(stack, i));
                break;
            }
        }
        cut(error.getCause(), seen);
        for (Throwable each : error.getSuppressed()) {
            cut(each, seen);
        }
    }

    /** Return an error with its stack as Java prints it. */
    static String text(Throwable error) {
        StringWriter text = new StringWriter();
        cut(error).printStackTrace(new PrintWriter(text));
        return text.toString();
    }

    /** Return what an error says, or its class where it says nothing. */
    public static String message(Throwable error) {
        String message = error.getLocalizedMessage();
        return message == null ? error.getClass().getName() : message;
    }
}
