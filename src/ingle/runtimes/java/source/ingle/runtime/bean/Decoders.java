package ingle.runtime.bean;

import ingle.runtime.json.JsonReader;
import ingle.runtime.json.JsonTree;
import ingle.runtime.json.MappingException;
import java.lang.reflect.GenericArrayType;
import java.lang.reflect.Type;
import java.nio.ByteBuffer;
import java.util.Calendar;
import java.util.Date;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/** Finds the decoder of a type; each is made when it is first needed. */
public final class Decoders {
    private static final Decoder ANYTHING = new Decoder() {
        @Override
        Object read(JsonReader in) throws MappingException {
            return JsonTree.read(in);
        }
    };

    private final Map<Type, Decoder> known = new HashMap<>();

    /** Return the decoder of a type. */
    public synchronized Decoder of(Type type) {
        Decoder decoder = known.get(type);
        if (decoder == null) {
            decoder = make(type, Types.raw(type));
            known.put(type, decoder);
        }
        return decoder;
    }

    /** Return the decoder of something that is mentioned in this class. */
    Decoder of(Type type, Class<?> owner) {
        // The same classes write dates differently in AWS's events and in other objects.
        return Date.class == type && Events.has(owner) ? new DateDecoder(true) : of(type);
    }

    private Decoder make(Type type, Class<?> raw) {
        if (raw == Object.class) {
            return ANYTHING;
        }
        Decoder scalar = ScalarDecoder.of(raw);
        if (scalar != null) {
            return scalar;
        }
        if (Map.class.isAssignableFrom(raw)) {
            return new MapDecoder(this, type, raw);
        }
        if (Iterable.class.isAssignableFrom(raw) && CollectionDecoder.fits(raw)) {
            return new CollectionDecoder(this, type, raw);
        }
        if (raw == byte[].class || raw == ByteBuffer.class) {
            return new BytesDecoder(raw);
        }
        if (raw.isArray()) {
            Type element = type instanceof GenericArrayType
                    ? ((GenericArrayType) type).getGenericComponentType() : raw.getComponentType();
            return new ArrayDecoder(this, element);
        }
        if (raw.isEnum()) {
            return new EnumDecoder(raw);
        }
        if (raw.getName().startsWith("java.")) {
            Decoder standard = standard(type, raw);
            if (standard != null) {
                return standard;
            }
        }
        if (raw.getName().equals("org.joda.time.DateTime")) {
            return new TextDecoder(raw);
        }
        return ObjectDecoder.of(this, type, raw);
    }

    private Decoder standard(Type type, Class<?> raw) {
        if (raw == Date.class || Calendar.class.isAssignableFrom(raw)) {
            return raw == Date.class ? new DateDecoder(false) : new CalendarDecoder();
        }
        if (raw == Optional.class) {
            return new OptionalDecoder(of(Types.argument(type, Optional.class, 0)));
        }
        if (raw.getName().startsWith("java.time.") && TimeDecoder.fits(raw)) {
            return new TimeDecoder(raw);
        }
        return TextDecoder.fits(raw) ? new TextDecoder(raw) : null;
    }
}
