package ingle.runtime.handler;

/** A function that cannot be called as it is configured, told in AWS's words. */
public final class Fault extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** The class of the error behind it, or null. */
    public final String type;
    /** That error with its stack, or null. */
    public final String trace;
    /** Whether the process is of no more use. */
    public final boolean fatal;

    private Fault(String message, String type, String trace, boolean fatal) {
        super(message, null, false, false);
        this.type = type;
        this.trace = trace;
        this.fatal = fatal;
    }

    static Fault of(String message) {
        return new Fault(message, null, null, false);
    }

    static Fault of(String message, Throwable error) {
        return new Fault(message, error.getClass().getName(), Traces.text(error), false);
    }

    static Fault of(Throwable error) {
        return of(Traces.message(error), error);
    }

    /** The function's own code failed while it was loaded. */
    static Fault fatal(String message, Throwable error) {
        return new Fault(message, error.getClass().getName(), Traces.text(error), true);
    }
}
