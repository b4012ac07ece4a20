package ingle.runtime.bean;

import ingle.runtime.json.JsonReader;
import ingle.runtime.json.MappingException;
import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Modifier;

/** Making objects, and what to say where it cannot be done. */
final class Construction {
    private Construction() {}

    /** Make one with the constructor that takes nothing. */
    static Object make(Class<?> type, JsonReader in) throws MappingException {
        Constructor<?> constructor = find(type, in);
        if (!Access.open(constructor)) {
            throw in.problem(cannot(type) + "its constructor cannot be called");
        }
        return call(constructor, in);
    }

    private static Constructor<?> find(Class<?> type, JsonReader in) throws MappingException {
        if (Modifier.isAbstract(type.getModifiers())) {
            throw in.problem(cannot(type) + "abstract types either need to be mapped to concrete types, have custom "
                    + "deserializer, or contain additional type information");
        }
        try {
            return type.getDeclaredConstructor();
        } catch (NoSuchMethodException none) {
            boolean inner = type.getEnclosingClass() != null && !Modifier.isStatic(type.getModifiers());
            throw in.problem(inner
                    ? "Cannot construct instance of `" + type.getName() + "`: non-static inner classes like this can "
                            + "only by instantiated using default, no-argument constructor"
                    : cannot(type) + "cannot deserialize from Object value (no delegate- or property-based Creator)");
        }
    }

    /** Call a constructor; raise the mapping's error where it throws. */
    static Object call(Constructor<?> constructor, JsonReader in, Object... arguments) throws MappingException {
        try {
            return constructor.newInstance(arguments);
        } catch (InvocationTargetException error) {
            Throwable cause = error.getCause();
            throw new MappingException("Cannot construct instance of `" + constructor.getDeclaringClass().getName()
                    + "`, problem: " + cause.getMessage(), in.place(), cause);
        } catch (ReflectiveOperationException | IllegalArgumentException error) {
            throw new MappingException("Cannot construct instance of `" + constructor.getDeclaringClass().getName()
                    + "`, problem: " + error.getMessage(), in.place(), error);
        }
    }

    private static String cannot(Class<?> type) {
        return "Cannot construct instance of `" + type.getName()
                + "` (no Creators, like default constructor, exist): ";
    }

    /** Say that an object cannot be made from a text. */
    static MappingException fromText(JsonReader in, Class<?> type, String text) {
        return in.problem("Cannot construct instance of `" + type.getName() + "` (although at least one Creator "
                + "exists): no String-argument constructor/factory method to deserialize from String value ('"
                + text + "')");
    }
}
