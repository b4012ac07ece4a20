package ingle.runtime.bean;

import ingle.runtime.json.JsonReader;
import ingle.runtime.json.MappingException;
import java.lang.reflect.Array;
import java.lang.reflect.Type;
import java.util.ArrayList;
import java.util.List;

/** Arrays; a value that is no array is taken for its only element. */
final class ArrayDecoder extends Decoder {
    private final Class<?> elementType;
    private final Decoder element;

    ArrayDecoder(Decoders decoders, Type elementType) {
        this.elementType = Types.raw(elementType);
        this.element = decoders.of(elementType);
    }

    @Override
    Object read(JsonReader in) throws MappingException {
        if (elementType == char.class && in.peek() == '"') {
            return in.string().toCharArray();
        }
        List<Object> values = new ArrayList<>();
        if (in.peek() != '[') {
            if (in.skipEmptyString()) {
                return null;
            }
            values.add(element.decode(in));
            return array(values);
        }
        in.open();
        boolean more = in.nextElement(true);
        while (more) {
            try {
                values.add(element.decode(in));
            } catch (MappingException error) {
                throw error.in(array(values).getClass(), values.size());
            }
            more = in.nextElement(false);
        }
        return array(values);
    }

    private Object array(List<Object> values) {
        Object array = Array.newInstance(elementType, values.size());
        for (int i = 0; i < values.size(); i++) {
            Array.set(array, i, values.get(i));
        }
        return array;
    }
}
