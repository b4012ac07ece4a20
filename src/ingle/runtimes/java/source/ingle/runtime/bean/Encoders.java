package ingle.runtime.bean;

import ingle.runtime.json.JsonWriter;
import ingle.runtime.json.MappingException;
import java.lang.reflect.Array;
import java.lang.reflect.Type;
import java.nio.file.Path;
import java.util.Base64;
import java.util.Collection;
import java.util.HashMap;
import java.util.Iterator;
import java.util.Map;

/** Writes objects as JSON by what they are; members and entries that are null are left out. */
public final class Encoders {
    private final Map<Class<?>, Encoder> known = new HashMap<>();

    /**
     * Write an answer.
     *
     * @param declared the type that the handler says it returns; where it is a class with members, or
     *     holds such, only its members are written, not those of a subclass
     */
    public void write(JsonWriter out, Object value, Type declared) throws MappingException {
        Class<?> type = Types.raw(declared);
        if (value == null || type == Object.class || !type.isInstance(value)) {
            write(out, value);
        } else if (value instanceof Map) {
            writeMap(out, (Map<?, ?>) value, Types.argument(declared, Map.class, 1));
        } else if (value instanceof Collection) {
            writeAll(out, ((Collection<?>) value).iterator(), Types.argument(declared, Collection.class, 0));
        } else if (type != value.getClass() && hasMembers(value.getClass()) && hasMembers(type)) {
            of(type).write(out, value);
        } else {
            write(out, value);
        }
    }

    private boolean hasMembers(Class<?> type) {
        boolean written = Map.class.isAssignableFrom(type) || Iterable.class.isAssignableFrom(type)
                || Number.class.isAssignableFrom(type) || type == String.class || type == Boolean.class
                || type.isEnum() || type.isArray() || type.isPrimitive();
        return !written && of(type) instanceof BeanEncoder && !((BeanEncoder) of(type)).isEmpty();
    }

    /** Write a value of any class. */
    void write(JsonWriter out, Object value) throws MappingException {
        if (value == null) {
            out.literal("null");
        } else if (value instanceof String) {
            out.string((String) value);
        } else if (value instanceof Integer || value instanceof Boolean || value instanceof Long) {
            out.literal(value.toString());
        } else if (value instanceof Map) {
            writeMap(out, (Map<?, ?>) value, Object.class);
        } else if (value instanceof Iterable && !(value instanceof Path)) {
            writeAll(out, ((Iterable<?>) value).iterator(), Object.class);
        } else if (value instanceof Number) {
            writeNumber(out, (Number) value);
        } else if (value instanceof Enum) {
            out.string(((Enum<?>) value).name());
        } else if (value.getClass().isArray()) {
            writeArray(out, value);
        } else {
            of(value.getClass()).write(out, value);
        }
    }

    private static void writeNumber(JsonWriter out, Number value) {
        boolean finite = !(value instanceof Double || value instanceof Float)
                || !Double.isNaN(value.doubleValue()) && !Double.isInfinite(value.doubleValue());
        if (finite) {
            out.literal(value.toString());
        } else {
            out.string(value.toString());
        }
    }

    private void writeMap(JsonWriter out, Map<?, ?> map, Type declared) throws MappingException {
        out.open('{');
        for (Map.Entry<?, ?> entry : map.entrySet()) {
            if (entry.getKey() == null) {
                throw new MappingException(
                        "Null key for a Map not allowed in JSON (use a converting NullKeySerializer?)", "");
            }
            if (entry.getValue() != null) {
                String name = entry.getKey() instanceof Enum
                        ? ((Enum<?>) entry.getKey()).name() : entry.getKey().toString();
                out.name(name);
                try {
                    write(out, entry.getValue(), declared);
                } catch (MappingException error) {
                    throw error.in(map.getClass(), name);
                }
            }
        }
        out.close('}');
    }

    private void writeAll(JsonWriter out, Iterator<?> values, Type declared) throws MappingException {
        out.open('[');
        while (values.hasNext()) {
            write(out, values.next(), declared);
        }
        out.close(']');
    }

    private void writeArray(JsonWriter out, Object array) throws MappingException {
        if (array instanceof byte[]) {
            out.string(Base64.getEncoder().encodeToString((byte[]) array));
        } else if (array instanceof char[]) {
            out.string(new String((char[]) array));
        } else {
            out.open('[');
            for (int i = 0; i < Array.getLength(array); i++) {
                write(out, Array.get(array, i));
            }
            out.close(']');
        }
    }

    private synchronized Encoder of(Class<?> type) {
        Encoder encoder = known.get(type);
        if (encoder == null) {
            encoder = StandardEncoder.fits(type) ? new StandardEncoder(this) : new BeanEncoder(this, type);
            known.put(type, encoder);
        }
        return encoder;
    }
}
