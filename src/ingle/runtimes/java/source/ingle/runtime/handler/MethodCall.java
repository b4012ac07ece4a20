package ingle.runtime.handler;

import com.amazonaws.services.lambda.runtime.Context;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;

/** Calls a method that the handler's name gives, on an object or on its class. */
final class MethodCall implements Call {
    private final Method method;
    private final Object target;
    private final boolean takesInput;
    private final boolean takesContext;

    MethodCall(Method method, Object target) {
        this.method = method;
        this.target = target;
        this.takesContext = Overloads.takesContext(method);
        this.takesInput = method.getParameterCount() > (takesContext ? 1 : 0);
    }

    @Override
    public Object call(Object input, Context context) throws Throwable {
        if (takesInput) {
            return takesContext ? invoke(input, context) : invoke(input);
        }
        return takesContext ? invoke(context) : invoke();
    }

    /** Call it with these arguments; what it throws comes through. */
    Object invoke(Object... arguments) throws Throwable {
        try {
            return method.invoke(target, arguments);
        } catch (InvocationTargetException error) {
            throw error.getCause() == null ? error : error.getCause();
        }
    }
}
