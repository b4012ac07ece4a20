package ingle.runtime.bean;

import ingle.runtime.json.JsonReader;
import ingle.runtime.json.MappingException;

/** The constants of an enum, by name or number; one that it does not have becomes null. */
final class EnumDecoder extends Decoder {
    private final Class<?> type;

    EnumDecoder(Class<?> type) {
        this.type = type;
    }

    @Override
    Object read(JsonReader in) throws MappingException {
        switch (in.peek()) {
            case '"':
                return named(in.string().trim());
            case JsonReader.NUMBER:
                long index = whole(in, type.getName(), Integer.MIN_VALUE, Integer.MAX_VALUE);
                return index >= 0 && index < constants().length ? constants()[(int) index] : null;
            case '[':
                return unwrap(in, type.getName());
            default:
                throw mismatch(in, type.getName());
        }
    }

    /** Return the constant of this name, or null. */
    Object named(String name) {
        for (Object each : constants()) {
            if (((Enum<?>) each).name().equals(name)) {
                return each;
            }
        }
        return null;
    }

    private Object[] constants() {
        return type.getEnumConstants();
    }
}
