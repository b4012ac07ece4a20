package ingle.runtime.handler;

import com.amazonaws.services.lambda.runtime.Context;
import com.amazonaws.services.lambda.runtime.RequestHandler;

/** Calls an object that implements AWS's interface. */
final class InterfaceCall implements Call {
    private final RequestHandler<Object, Object> handler;

    @SuppressWarnings("unchecked")
    InterfaceCall(RequestHandler<?, ?> handler) {
        this.handler = (RequestHandler<Object, Object>) handler;
    }

    @Override
    public Object call(Object input, Context context) {
        return handler.handleRequest(input, context);
    }
}
