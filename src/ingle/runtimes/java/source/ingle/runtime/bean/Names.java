package ingle.runtime.bean;

import java.lang.reflect.Method;
import java.lang.reflect.Modifier;

/** From the names of methods to those of properties, by the rules of java.beans. */
final class Names {
    private Names() {}

    /** Return the property that a method gives, or null. */
    static String given(Method method) {
        Class<?> type = method.getReturnType();
        if (method.getParameterCount() != 0 || type == void.class || Modifier.isStatic(method.getModifiers())
                || method.getDeclaringClass() == Object.class || method.isBridge()) {
            return null;
        }
        String name = method.getName();
        if (name.startsWith("get")) {
            return property(name, 3);
        }
        boolean logical = type == boolean.class || type == Boolean.class;
        return logical && name.startsWith("is") ? property(name, 2) : null;
    }

    /** Return the property that a method sets, or null. */
    static String set(Method method) {
        boolean sets = method.getParameterCount() == 1 && method.getName().startsWith("set")
                && !Modifier.isStatic(method.getModifiers()) && !method.isBridge();
        return sets ? property(method.getName(), 3) : null;
    }

    private static String property(String method, int prefix) {
        if (method.length() == prefix) {
            return null;
        }
        String name = method.substring(prefix);
        boolean abbreviation = name.length() > 1
                && Character.isUpperCase(name.charAt(0)) && Character.isUpperCase(name.charAt(1));
        return abbreviation ? name : Character.toLowerCase(name.charAt(0)) + name.substring(1);
    }
}
