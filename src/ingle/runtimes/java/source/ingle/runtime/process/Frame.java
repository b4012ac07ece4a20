package ingle.runtime.process;

/** The kinds of the frames between the server and a runtime; src/ingle/runtimes/python/frames.py tells more. */
public final class Frame {
    /** To the runtime: JSON with the handler's name and the environment. */
    public static final int INIT = 1;
    /** To the runtime: an invocation. */
    public static final int INVOKE = 2;
    /** From the runtime: the handler is loaded. */
    public static final int READY = 3;
    /** From the runtime: JSON of the error that loading the handler gave. */
    public static final int INIT_ERROR = 4;
    /** From the runtime: request id, and the answer's JSON. */
    public static final int RESULT = 5;
    /** From the runtime: request id, and the error's JSON. */
    public static final int FAULT = 6;

    /** Bytes of a frame's header: the length of the body, and the kind. */
    public static final int HEADER = 5;
    /** Bytes of a request id. */
    public static final int IDENTITY = 36;

    /** Which kind this frame is. */
    public final int kind;
    /** What is in it. */
    public final byte[] body;

    Frame(int kind, byte[] body) {
        this.kind = kind;
        this.body = body;
    }
}
