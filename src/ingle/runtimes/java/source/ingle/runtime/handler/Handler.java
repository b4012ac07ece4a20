package ingle.runtime.handler;

import com.amazonaws.services.lambda.runtime.Context;
import ingle.runtime.json.JsonWriter;

/** What serves invocations. */
public interface Handler {
    /**
     * Serve one.
     *
     * @param out takes the answer
     * @throws Throwable what the function throws
     */
    void handle(Invocation invocation, Context context, JsonWriter out) throws Throwable;
}
