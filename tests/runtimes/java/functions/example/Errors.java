package example;

import com.amazonaws.services.lambda.runtime.Context;
import com.amazonaws.services.lambda.runtime.RequestHandler;
import java.util.ArrayList;
import java.util.List;

/** Handlers that fail. */
public class Errors {
    public static class Custom extends Exception {
        public Custom(String message, Throwable cause) {
            super(message, cause);
        }
    }

    public static class Throws implements RequestHandler<Object, Object> {
        @Override
        public Object handleRequest(Object event, Context context) {
            throw new IllegalArgumentException("too far");
        }
    }

    public Object silent() {
        throw new IllegalStateException();
    }

    public Object caused() throws Custom {
        try {
            Integer.parseInt("x");
            return null;
        } catch (NumberFormatException error) {
            throw new Custom("outer", error);
        }
    }

    public Object circular() {
        Exception one = new Exception("one");
        RuntimeException two = new RuntimeException("two", one);
        one.initCause(two);
        throw two;
    }

    public int sometimes(int event) {
        if (event < 0) {
            throw new IllegalArgumentException("negative");
        }
        return event;
    }

    public Object overflow() {
        return overflow();
    }

    public int hoard() {
        List<byte[]> all = new ArrayList<>();
        while (true) {
            all.add(new byte[1 << 20]);
        }
    }

    public void exit(int status) {
        System.out.print("leaving");
        System.exit(status);
    }

    public boolean interrupt() {
        boolean before = Thread.currentThread().isInterrupted();
        Thread.currentThread().interrupt();
        return before;
    }

    public static class BadConstructor {
        public BadConstructor() {
            throw new IllegalStateException("not made");
        }

        public String handle() {
            return "";
        }
    }

    public static class BadStart {
        static {
            if (System.getenv("_HANDLER") != null) {
                throw new IllegalStateException("not begun");
            }
        }

        public String handle() {
            return "";
        }
    }

    public static class NeedsMore {
        public NeedsMore(String more) {}

        public String handle() {
            return "";
        }
    }

    public class Inner {
        public String handle() {
            return "";
        }
    }

    public static class NoHandler {}
}
