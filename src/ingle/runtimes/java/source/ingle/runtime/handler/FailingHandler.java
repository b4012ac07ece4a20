package ingle.runtime.handler;

import com.amazonaws.services.lambda.runtime.Context;
import ingle.runtime.json.JsonWriter;

/** Stands for a handler that cannot be used. */
final class FailingHandler implements Handler {
    private final Fault fault;

    FailingHandler(Fault fault) {
        this.fault = fault;
    }

    @Override
    public void handle(Invocation invocation, Context context, JsonWriter out) {
        throw fault;
    }
}
