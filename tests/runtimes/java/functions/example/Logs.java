package example;

import com.amazonaws.services.lambda.runtime.Context;
import com.amazonaws.services.lambda.runtime.LambdaLogger;
import com.amazonaws.services.lambda.runtime.LambdaRuntime;
import com.amazonaws.services.lambda.runtime.logging.LogLevel;

/** Handlers that write to the log. */
public class Logs {
    public void lines(String event) {
        System.out.println("out " + event);
        System.err.println("err " + event);
        System.out.printf("%d of %s%n", 1, "two");
    }

    public void unfinished() {
        System.out.print("no end");
    }

    public void event(String event, Context context) {
        context.getLogger().log(event);
    }

    public void nothing(Context context) {
        context.getLogger().log((String) null);
    }

    public void bytes(Context context) {
        context.getLogger().log("as\nthey are".getBytes());
    }

    public void elsewhere() {
        LambdaRuntime.getLogger().log("from anywhere");
    }

    public void levels(Context context) {
        LambdaLogger logger = context.getLogger();
        for (LogLevel level : LogLevel.values()) {
            logger.log(level.toString().toLowerCase(), level);
        }
    }

    public void between(Context context) {
        System.out.print("begun");
        context.getLogger().log("two\nlines");
        System.out.println("ended");
    }

    public void large(int event, Context context) {
        context.getLogger().log(new String(new char[event]).replace('\0', 'é'));
    }

    public void trace() {
        new IllegalStateException("printed").printStackTrace();
    }
}
