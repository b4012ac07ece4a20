package ingle.runtime.handler;

import com.amazonaws.services.lambda.runtime.Context;
import com.amazonaws.services.lambda.runtime.RequestStreamHandler;
import ingle.runtime.json.JsonWriter;

/** A handler whose event and answer are bytes. */
final class StreamHandler implements Handler {
    private final RequestStreamHandler handler;

    StreamHandler(RequestStreamHandler handler) {
        this.handler = handler;
    }

    @Override
    public void handle(Invocation invocation, Context context, JsonWriter out) throws Throwable {
        handler.handleRequest(invocation.stream(), out, context);
    }
}
