package ingle.runtime.bean;

import ingle.runtime.json.JsonReader;
import ingle.runtime.json.MappingException;
import java.lang.reflect.Constructor;
import java.lang.reflect.Method;
import java.lang.reflect.Type;
import java.util.Arrays;
import java.util.Optional;

/** Objects whose constructor takes all members: records, and some of AWS's events. */
final class ConstructorDecoder extends ObjectDecoder {
    private final Constructor<?> constructor;
    private final String[] names;
    private final Type[] types;
    private final boolean event;
    private final Decoders decoders;
    private final Decoder[] made;

    private ConstructorDecoder(
            Decoders decoders, Type type, Class<?> raw, Constructor<?> constructor, String[] names, boolean event) {
        super(raw);
        this.constructor = constructor;
        this.names = names;
        this.event = event;
        this.decoders = decoders;
        this.made = new Decoder[names.length];
        this.types = new Type[names.length];
        Type[] generic = constructor.getGenericParameterTypes();
        Class<?>[] plain = constructor.getParameterTypes();
        for (int i = 0; i < names.length; i++) {
            Type mentioned = generic.length == names.length ? generic[i] : plain[i];
            this.types[i] = Types.within(type, raw, mentioned);
        }
        Access.open(constructor);
    }

    static Decoder ofRecord(Decoders decoders, Type type, Class<?> raw) {
        String[] names = Records.names(raw);
        for (Constructor<?> each : raw.getDeclaredConstructors()) {
            if (Arrays.equals(each.getParameterTypes(), types(raw))) {
                return new ConstructorDecoder(decoders, type, raw, each, names, false);
            }
        }
        return null;
    }

    private static Class<?>[] types(Class<?> record) {
        Method[] accessors = Records.accessors(record);
        Class<?>[] types = new Class<?>[accessors.length];
        for (int i = 0; i < types.length; i++) {
            types[i] = accessors[i].getReturnType();
        }
        return types;
    }

    static Decoder ofEvent(Decoders decoders, Type type, Class<?> raw, String[] names) {
        Constructor<?> best = null;
        for (Constructor<?> each : raw.getConstructors()) {
            // An older version of the class takes fewer of the members.
            if (each.getParameterCount() <= names.length && each.getParameterCount() > 0
                    && !Arrays.asList(each.getParameterTypes()).contains(Integer.class)
                    && (best == null || each.getParameterCount() > best.getParameterCount())) {
                best = each;
            }
        }
        return best == null
                ? new BeanDecoder(decoders, type, raw)
                : new ConstructorDecoder(
                        decoders, type, raw, best, Arrays.copyOf(names, best.getParameterCount()), true);
    }

    @Override
    Object members(JsonReader in) throws MappingException {
        Object[] values = new Object[names.length];
        for (int i = 0; i < values.length; i++) {
            values[i] = missing(i);
        }
        in.open();
        String name = in.nextName(true);
        while (name != null) {
            int index = Arrays.asList(names).indexOf(name);
            if (index < 0) {
                in.skip();
            } else {
                try {
                    values[index] = decoder(index).decode(in);
                } catch (MappingException error) {
                    throw error.in(raw, name);
                }
            }
            name = in.nextName(false);
        }
        return Construction.call(constructor, in, values);
    }

    /** A decoder is made when it is needed, because a class may mention itself. */
    private Decoder decoder(int index) {
        if (made[index] == null) {
            made[index] = decoders.of(types[index], raw);
        }
        return made[index];
    }

    private Object missing(int index) {
        Class<?> type = Types.raw(types[index]);
        if (event && type == String.class && !names[index].equals("eventTime")) {
            return ""; // as AWS has it
        }
        if (event && type == Long.class) {
            return 0L;
        }
        return type.isPrimitive() || type == Optional.class ? decoder(index).absent() : null;
    }
}
