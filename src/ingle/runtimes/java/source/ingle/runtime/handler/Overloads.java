package ingle.runtime.handler;

import com.amazonaws.services.lambda.runtime.Context;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.List;

/**
 * Which of several methods of one name is the handler: the one with most parameters, where a Context
 * at the end counts twice.
 *
 * @see <a href="https://docs.aws.amazon.com/lambda/latest/dg/java-handler.html">AWS's page</a>
 */
final class Overloads {
    private Overloads() {}

    /** Return the methods of this name that can be handlers, the preferred one first. */
    static List<Method> of(Class<?> type, String name) {
        List<Method> methods = new ArrayList<>();
        for (Method method : type.getMethods()) {
            if (method.getName().equals(name) && fits(method)) {
                methods.add(place(methods, method), method);
            }
        }
        return methods;
    }

    /** Return where a method belongs among these: after all that are not less preferred. */
    private static int place(List<Method> methods, Method method) {
        int at = 0;
        while (at < methods.size() && rank(methods.get(at)) >= rank(method)) {
            at++;
        }
        return at;
    }

    /** A bridge, which the compiler made, comes after every method that somebody wrote. */
    private static int rank(Method method) {
        return method.isBridge() ? weight(method) - 10 : weight(method);
    }

    private static int weight(Method method) {
        return method.getParameterCount() + (takesContext(method) ? 1 : 0);
    }

    /** Whether its last parameter is the Context. */
    static boolean takesContext(Method method) {
        Class<?>[] types = method.getParameterTypes();
        return types.length > 0 && types[types.length - 1] == Context.class;
    }

    /** Whether it reads or writes bytes itself. */
    static boolean streams(Method method) {
        Class<?>[] types = method.getParameterTypes();
        return types.length > 0 && (types[0] == InputStream.class || types[0] == OutputStream.class);
    }

    private static boolean fits(Method method) {
        Class<?>[] types = method.getParameterTypes();
        String problem = null;
        if (types.length > 3) {
            problem = "an overload of method " + method.getName()
                    + " because it has too many parameters: Expected at most 3, got " + types.length;
        } else if (types.length == 3) {
            problem = types[0] == InputStream.class && types[1] == OutputStream.class && types[2] == Context.class
                    ? null
                    : "three-argument overload because argument signature is not (InputStream, OutputStream, Context";
        } else if (types.length == 2) {
            problem = pairProblem(types[0], types[1]);
        }
        if (problem != null) {
            System.err.println("Ignoring " + problem);
        }
        return problem == null;
    }

    private static String pairProblem(Class<?> first, Class<?> second) {
        if (first == Context.class) {
            return "two-argument overload because first argument type is Context";
        }
        if (second == Context.class || first == InputStream.class && second == OutputStream.class) {
            return null;
        }
        if (first == OutputStream.class) {
            return "two-argument overload because first argument type is OutputStream and second argument type is "
                    + "not Context";
        }
        return first == InputStream.class
                ? "two-argument overload because second parameter type, " + second.getName() + ", is not OutputStream."
                : "two-argument overload because second parameter type is not Context";
    }
}
