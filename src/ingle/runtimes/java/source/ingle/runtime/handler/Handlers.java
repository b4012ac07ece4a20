package ingle.runtime.handler;

import com.amazonaws.services.lambda.runtime.Context;
import com.amazonaws.services.lambda.runtime.RequestHandler;
import com.amazonaws.services.lambda.runtime.RequestStreamHandler;
import ingle.runtime.bean.Types;
import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.Type;
import java.lang.reflect.TypeVariable;
import java.util.List;

/**
 * From the name of a handler, `package.Class` or `package.Class::method`, to the handler.
 *
 * <p>As on AWS, a handler that cannot be used fails each invocation; only code of the function that
 * fails while it is loaded fails the initialisation.
 */
public final class Handlers {
    private Handlers() {}

    /**
     * Load a handler.
     *
     * @throws Fault if the function's own code failed
     */
    public static Handler load(String name, ClassLoader loader) {
        int colons = name.lastIndexOf("::");
        String className = colons < 0 ? name : name.substring(0, colons);
        String method = colons < 0 ? null : name.substring(colons + 2);
        try {
            if (className.isEmpty() || method != null && method.isEmpty()) {
                throw Fault.of("Invalid handler: `" + name + "'");
            }
            Class<?> type = find(className, loader);
            return method == null ? ofInterface(type, loader) : ofMethod(type, method, loader);
        } catch (Fault fault) {
            if (fault.fatal && !fault.type.equals(NoClassDefFoundError.class.getName())) {
                throw fault;
            }
            return new FailingHandler(fault);
        } catch (Throwable error) {
            return new FailingHandler(Fault.of(error));
        }
    }

    private static Class<?> find(String className, ClassLoader loader) {
        try {
            return Class.forName(className, true, loader);
        } catch (ClassNotFoundException error) {
            throw Fault.of("Class not found: " + className, error);
        } catch (Throwable error) {
            String why = error.getMessage() == null ? "" : ": " + error.getMessage();
            throw Fault.fatal("Error loading class " + className + why, error);
        }
    }

    private static Handler ofInterface(Class<?> type, ClassLoader loader) throws Exception {
        if (RequestStreamHandler.class.isAssignableFrom(type)) {
            return new StreamHandler((RequestStreamHandler) make(type));
        }
        if (!RequestHandler.class.isAssignableFrom(type)) {
            throw Fault.of("Class does not implement an appropriate handler interface: " + type.getName());
        }
        Type[] types = Types.arguments(type, RequestHandler.class);
        if (types == null) {
            throw Fault.of("Class " + type.getName()
                    + " does not implement RequestHandler with concrete type parameters");
        }
        for (Type each : types) {
            if (each instanceof TypeVariable && Types.raw(each) == Object.class) {
                throw Fault.of("Class " + type.getName() + " does not implement RequestHandler with concrete type "
                        + "parameters: parameter " + each + " has no upper bound.");
            }
        }
        Call call = new InterfaceCall((RequestHandler<?, ?>) make(type));
        return new ObjectHandler(call, Mapper.of(loader), types[0], answer(types[1]));
    }

    private static Handler ofMethod(Class<?> type, String name, ClassLoader loader) throws Exception {
        List<Method> methods;
        try {
            methods = Overloads.of(type, name);
        } catch (NoClassDefFoundError error) {
            throw Fault.of("Error loading method " + name + " on class " + type.getName(), error);
        }
        if (methods.isEmpty()) {
            throw Fault.of("No public method named " + name + " with appropriate method signature found on class "
                    + type.getName());
        }
        Method method = methods.get(0);
        Object target = Modifier.isStatic(method.getModifiers()) ? null : make(type);
        if (Overloads.streams(method)) {
            return new MethodStreamHandler(method, target);
        }
        return new ObjectHandler(
                new MethodCall(method, target), Mapper.of(loader), input(type, method), answer(
                        Types.within(type, method.getDeclaringClass(), method.getGenericReturnType())));
    }

    private static Type input(Class<?> type, Method method) {
        Type[] types = method.getGenericParameterTypes();
        return types.length == 0 || types[0] == Context.class
                ? null : Types.within(type, method.getDeclaringClass(), types[0]);
    }

    private static Type answer(Type type) {
        return type == void.class || type == Void.class ? null : type;
    }

    private static Object make(Class<?> type) throws Exception {
        try {
            return constructor(type).newInstance();
        } catch (InvocationTargetException error) {
            Throwable cause = error.getCause() == null ? error : error.getCause();
            throw Fault.fatal(Traces.message(cause), cause);
        }
    }

    private static Constructor<?> constructor(Class<?> type) throws Exception {
        try {
            return type.getConstructor();
        } catch (NoSuchMethodException error) {
            if (type.getEnclosingClass() != null && !Modifier.isStatic(type.getModifiers())) {
                throw new Exception("Class " + type.getName()
                        + " cannot be instantiated because it is a non-static inner class");
            }
            throw new Exception("Class " + type.getName() + " has no public zero-argument constructor", error);
        }
    }
}
