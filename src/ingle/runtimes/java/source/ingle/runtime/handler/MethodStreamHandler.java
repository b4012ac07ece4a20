package ingle.runtime.handler;

import com.amazonaws.services.lambda.runtime.Context;
import ingle.runtime.json.JsonWriter;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.List;

/** A method that the handler's name gives, which reads or writes bytes. */
final class MethodStreamHandler implements Handler {
    private final Method method;
    private final MethodCall call;

    MethodStreamHandler(Method method, Object target) {
        this.method = method;
        this.call = new MethodCall(method, target);
        if (method.getReturnType() != void.class && method.getReturnType() != Void.class) {
            System.err.println("Will ignore return type " + method.getReturnType() + " on byte stream handler");
        }
    }

    @Override
    public void handle(Invocation invocation, Context context, JsonWriter out) throws Throwable {
        List<Object> arguments = new ArrayList<>();
        boolean writes = false;
        for (Class<?> each : method.getParameterTypes()) {
            writes |= each == OutputStream.class;
            arguments.add(each == InputStream.class ? invocation.stream() : each == OutputStream.class ? out : context);
        }
        call.invoke(arguments.toArray());
        if (!writes) {
            out.literal("null");
        }
    }
}
